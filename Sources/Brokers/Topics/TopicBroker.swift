import CeleryCore
import Wire

/// A broker whose remote control and events go by topics: whoever listens gets them, whoever is not there does not, and nothing stays
/// behind.
protocol TopicBroker: WorkerAsking, WorkerListing, EventSending, EventFollowing {
    associatedtype Server
    /// A message as the server takes it.
    associatedtype Parcel
    associatedtype Mailbox: TopicMailbox

    /// The protocol of the server, as errors name it.
    static var protocolName: String { get }

    var now: @Sendable () -> Timestamp { get }

    /// Which server this is; asks it the first time.
    func server() async throws -> Server

    /// Whether a server has topics. Without them nobody can listen.
    static func hasTopics(_ server: Server) -> Bool

    /// Connects and listens to a topic. From then on nothing is missed.
    ///
    /// - Throws: `DriverError`; `unsupported` at a server without topics.
    func mailbox(of topic: String) async throws -> Mailbox

    /// A message to all who listen to a topic now.
    ///
    /// - Throws: `DriverError.unsupported` at a server without topics.
    func telling(_ topic: String, _ wire: WireMessage, at server: Server) throws(DriverError) -> Parcel

    /// Sends messages, and returns when the server has accepted all of them.
    func send(_ parcels: [Parcel]) async throws

    /// Sends messages with events, in their order. Gives up after five seconds.
    func send(events parcels: [Parcel]) async throws
}

extension TopicBroker {
    package func ask(_ requests: [ControlRequest], of workers: WorkerChoice, within limit: Duration) async throws -> WorkerAnswers {
        let key = TaskID().text
        let mailbox = try await mailbox(of: ControlMessage.replyQueue(of: key))
        do {
            let deadline = ContinuousClock.now + limit
            let expires = now() + limit
            let messages = requests.map { ControlMessage($0, to: workers, ticket: TaskID().text, replyKey: key, expires: expires) }
            let server = try await server()
            try await send(messages.map { try telling(ControlMessage.exchange, $0.wire, at: server) })
            let answers = try await gather(messages, workers, mailbox, until: deadline)
            await mailbox.close()
            return answers
        } catch {
            await mailbox.close()
            throw error
        }
    }

    private func gather(
        _ messages: [ControlMessage], _ workers: WorkerChoice, _ mailbox: Mailbox, until deadline: ContinuousClock.Instant
    ) async throws -> WorkerAnswers {
        var gathered = GatheredAnswers(to: messages, of: workers)
        while true {
            let seen = mailbox.bell.count
            for reply in mailbox.takeMessages() { gathered.add(reply) }
            if gathered.isComplete || .now >= deadline { return gathered.result }
            await mailbox.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
    }

    package func tell(_ request: ControlRequest, to workers: WorkerChoice) async throws {
        try await send([telling(ControlMessage.exchange, ControlMessage(request, to: workers).wire, at: server())])
    }

    /// Sends an answer to whoever asked.
    func answer(_ wire: WireMessage) async throws {
        try await send([telling(ControlMessage.replyQueue(of: wire.routingKey), wire, at: server())])
    }

    package var knowsWorkers: Bool { false }

    /// Asks all workers, and collects answers for one second.
    package func workers() async throws -> [WorkerReport] { try await askForReports(at: now()) }
}
