import CeleryAMQP
import CeleryCore
import RabbitMQ
import Synchronization
import Wire

/// Moves arriving results from a mailbox to a file.
final class MailboxReader: Sendable {
    private let owner: ConnectionOwner
    private let inbox: ReplyInbox
    private let work: Task<Void, Never>

    init(link: AMQPLink, queue: QueueDeclaration, into store: SQLiteResultStore) throws {
        let inbox = ReplyInbox(location: link.location)
        let owner = try ConnectionOwner(link.alternatives, .always) { MailboxUse(queue: queue, inbox: inbox) }
        self.inbox = inbox
        self.owner = owner
        work = Task {
            // Consumer tag of a subscription with a result that could not be stored. Its later deliveries must not be acknowledged,
            // because an acknowledgement covers all earlier ones.
            var spoilt: String?
            for await batch in inbox.batches {
                guard let last = batch.last, last.consumer != spoilt else { continue }
                do {
                    // Messages that are not results are dropped.
                    try await store.store(batch.compactMap { try? KeptResult.read($0.message.body) })
                    Self.acknowledge(last, owner)
                    inbox.noteMoved(batch.count)
                } catch {
                    spoilt = last.consumer
                    inbox.noteUnkept(error)
                    // Cut the connection to have the results delivered again. Pause first: a full disk stays full for a while.
                    await inbox.pause()
                    owner.cut()
                }
            }
        }
    }

    /// Why results are not moved now: the server refuses, or the file cannot be written.
    var trouble: DriverError? { inbox.trouble }

    /// Waits until `count` results have been moved, or for 20 seconds.
    func waitFor(_ count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let seen = inbox.bell.count
            let moved = inbox.state.withLock { $0.moved }
            // Other readers may have taken some of the results.
            if moved >= count || deadline <= .now { return }
            if let trouble { throw trouble }
            // Long enough for a busy machine: only a reader that lost the race waits this long.
            let wake = min(deadline, .now + .seconds(1))
            await inbox.bell.wait(since: seen, until: wake)
            if wake <= .now && inbox.bell.count == seen && inbox.state.withLock({ $0.isSubscribed }) { return }
        }
    }

    func close() async {
        inbox.finish()
        await work.value
        await owner.close()
    }

    /// Acknowledges everything up to a delivery.
    private static func acknowledge(_ last: IncomingDelivery, _ owner: ConnectionOwner) {
        owner.perform(as: MailboxUse.self) { ready in
            guard case .success(let (connection, use)) = ready else { return nil }
            do throws(RabbitMQError) {
                try use.acknowledge(last, connection)
                return nil
            } catch {
                return error
            }
        }
    }
}

private final class MailboxUse: ConnectionUse {
    private static let channel: UInt16 = 1
    private static let prefetch = 1_000

    private let queue: QueueDeclaration
    private let inbox: ReplyInbox
    private var gathered: [IncomingDelivery] = []
    /// Number of the subscription: deliveries of earlier ones cannot be acknowledged.
    private var number = 0

    init(queue: QueueDeclaration, inbox: ReplyInbox) {
        self.queue = queue
        self.inbox = inbox
    }

    func establish(_ connection: Connection) throws(RabbitMQError) {
        gathered = []
        number += 1
        try connection.openChannel(Self.channel)
        try connection.declare(queue, on: Self.channel)
        try connection.setPrefetch(Self.prefetch, isShared: false, on: Self.channel)
        try connection.consume(queue.name, as: "\(number)", on: Self.channel)
        inbox.noteSubscribed()
    }

    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {
        switch incoming {
        case .delivery(let delivery): gathered.append(delivery)
        case .cancelled: throw RabbitMQError(.lost, "the server ended the subscription")
        case .confirm, .returned, .blocked, .unblocked: break
        }
    }

    func settleDown(_ connection: Connection) throws(RabbitMQError) {
        guard !gathered.isEmpty else { return }
        inbox.add(gathered)
        gathered = []
    }

    func tick(_ connection: Connection) throws(RabbitMQError) {}

    func lost(_ error: RabbitMQError) { inbox.noteLost(error) }

    func acknowledge(_ last: IncomingDelivery, _ connection: Connection) throws(RabbitMQError) {
        guard last.consumer == "\(number)" else { return }
        try connection.acknowledge(last.tag, isMultiple: true, on: Self.channel)
    }
}
