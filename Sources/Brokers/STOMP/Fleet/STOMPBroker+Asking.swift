package import CeleryCore
import STOMP
import Synchronization
import Wire

// Requests and answers go by topics: who is not there does not get them, and nothing stays behind.
extension STOMPBroker: WorkerAsking {
    package func ask(_ requests: [ControlRequest], of workers: WorkerChoice, within limit: Duration) async throws -> WorkerAnswers {
        let key = TaskID().text
        let mailbox = STOMPMailbox(options, topic: layout.topic(ControlMessage.replyQueue(of: key)))
        do {
            let server = try await mailbox.open()
            let deadline = ContinuousClock.now + limit
            let expires = now() + limit
            let messages = requests.map { ControlMessage($0, to: workers, ticket: TaskID().text, replyKey: key, expires: expires) }
            try await send(messages.map { try telling(ControlMessage.exchange, $0.wire, at: server) })
            let answers = try await gather(messages, workers, mailbox, until: deadline)
            await mailbox.close()
            return answers
        } catch {
            await mailbox.close()
            throw (error as? STOMPError).map { DriverError($0, at: location) } ?? error
        }
    }

    package func tell(_ request: ControlRequest, to workers: WorkerChoice) async throws {
        try await send([telling(ControlMessage.exchange, ControlMessage(request, to: workers).wire, at: server())])
    }

    /// Sends an answer to whoever asked.
    func answer(_ wire: WireMessage) async throws {
        try await send([telling(ControlMessage.replyQueue(of: wire.routingKey), wire, at: server())])
    }

    private func gather(
        _ messages: [ControlMessage], _ workers: WorkerChoice, _ mailbox: STOMPMailbox, until deadline: ContinuousClock.Instant
    ) async throws -> WorkerAnswers {
        let indexByTicket = Dictionary(uniqueKeysWithValues: messages.enumerated().compactMap { index, message in message.ticket.map { ($0, index) } })
        var result = WorkerAnswers(count: messages.count)
        let named = Set(workers.names ?? [])
        while true {
            let seen = mailbox.bell.count
            for frame in try mailbox.take() {
                guard let reply = try? STOMPEnvelope.read(frame), let index = reply.headers["ticket"]?.stringValue.flatMap({ indexByTicket[$0] }),
                    let body = try? JSON(parsing: reply.body).objectValue
                else { continue }
                for (worker, value) in body.members { result.answers[index].append(WorkerAnswers.Answer(worker: worker, value: value)) }
            }
            // Nobody knows how many workers there are, unless they are named.
            let isComplete = !named.isEmpty && result.answers.allSatisfy { named.isSubset(of: Set($0.map(\.worker))) }
            if isComplete || .now >= deadline { break }
            await mailbox.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
        result.silent = named.filter { name in result.answers.contains { !$0.contains { $0.worker == name } } }.sorted()
        return result
    }
}

extension STOMPBroker: WorkerListing {
    package var knowsWorkers: Bool { false }

    /// Asks all workers, and collects answers for one second.
    package func workers() async throws -> [WorkerReport] {
        let asked = now()
        let methods = ["stats", "active", "registered", "active_queues"]
        let gathered = try await ask(methods.map { ControlRequest(method: $0) }, of: .all, within: .seconds(1))
        var answers: [String: [String: JSON]] = [:]
        for (method, values) in zip(methods, gathered.answers) {
            for answer in values { answers[method, default: [:]][answer.worker] = answer.value }
        }
        return Set(answers.values.flatMap(\.keys)).sorted().map { AMQPBroker.report(of: $0, answers, asked: asked) }
    }
}

/// Receives what is told on a topic, or lies in a queue, by a connection of its own.
///
/// A lost connection is made again, and counted: what was told meanwhile is lost.
final class STOMPMailbox: Sendable {
    private struct State {
        var frames: [STOMPFrame] = []
        var connections = 0
        var loss: STOMPError?
        var dropped = 0
    }

    let bell: Bell
    let link: STOMPLink
    private let state: SharedState

    /// Frames kept for a reader who does not come.
    private static let limit = 50_000

    private final class SharedState: Sendable {
        let value = Mutex(State())
    }

    init(_ options: STOMPOptions, topic destination: String) {
        let bell = Bell()
        self.bell = bell
        // Of this program alone: RabbitMQ may name a queue after it.
        let id = "box-\(TaskID())"
        let state = SharedState()
        self.state = state
        link = STOMPLink(
            options,
            listener: STOMPLink.Listener(
                connected: { _, _ in
                    state.value.withLock { $0.connections += 1 }
                    bell.ring()
                    return [
                        STOMPFrame(
                            "SUBSCRIBE",
                            [STOMPFrame.Header("id", id), STOMPFrame.Header("destination", destination), STOMPFrame.Header("ack", "auto")])
                    ]
                },
                heard: { frame, _ in
                    state.value.withLock { state in
                        state.frames.append(frame)
                        let surplus = state.frames.count - Self.limit
                        guard surplus > 0 else { return }
                        state.frames.removeFirst(surplus)
                        state.dropped += surplus
                    }
                    bell.ring()
                },
                lost: { error in
                    state.value.withLock { $0.loss = error }
                    bell.ring()
                }))
    }

    /// Connects and listens. From then on nothing is missed.
    func open() async throws(STOMPError) -> STOMPServer {
        let server = try await link.connect()
        // The server carries frames out in their order: the end of this transaction comes after the subscription.
        let name = STOMPFrame.Header("transaction", "open")
        try await link.send([STOMPFrame("BEGIN", [name]), STOMPFrame("ABORT", [name], wantsReceipt: true)])
        return server
    }

    /// What came since the last call.
    func take() throws -> [STOMPFrame] {
        state.value.withLock { state in
            defer { state.frames = [] }
            return state.frames
        }
    }

    /// What a follower should know since the last call: how many frames were dropped, the number of connections, and the last loss.
    func takeNews() -> (dropped: Int, connections: Int, loss: STOMPError?) {
        state.value.withLock { state in
            defer { (state.dropped, state.loss) = (0, nil) }
            return (state.dropped, state.connections, state.loss)
        }
    }

    func close() async {
        await link.close()
        bell.ring()
    }
}
