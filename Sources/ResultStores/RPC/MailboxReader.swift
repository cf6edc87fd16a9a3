import CeleryAMQP
import CeleryCore
import RabbitMQ
import Synchronization
import Wire

/// Moves results from a mailbox to a file, as they come.
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
            // The subscription of which something could not be kept: what comes of it later must not be
            // acknowledged, for that would be said of all before it as well.
            var spoilt: String?
            for await batch in inbox.batches {
                guard let last = batch.last, last.consumer != spoilt else { continue }
                do {
                    // What is no result is of no use to anybody, and goes.
                    try await store.store(batch.compactMap { try? KeptResult.read($0.message.body) })
                    Self.acknowledge(last, owner)
                    inbox.noteMoved(batch.count)
                } catch {
                    spoilt = last.consumer
                    inbox.noteUnkept(error)
                    // They come again, with the next subscription; not at once, for what is full stays so for a while.
                    await inbox.pause()
                    owner.cut()
                }
            }
        }
    }

    /// Why nothing is moved now: the server refuses, or the file cannot be written.
    var trouble: DriverError? { inbox.trouble }

    /// Waits until so many have been moved.
    func waitFor(_ count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let seen = inbox.bell.count
            let moved = inbox.state.withLock { $0.moved }
            // Others may have taken some of them.
            if moved >= count || deadline <= .now { return }
            if let trouble { throw trouble }
            // Long enough for a machine that has much else to do: only those whom others forestall wait so long.
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

    /// Says that everything up to this is kept.
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

/// The connection of a `MailboxReader`.
private final class MailboxUse: ConnectionUse {
    private static let channel: UInt16 = 1
    private static let prefetch = 1_000

    private let queue: QueueDeclaration
    private let inbox: ReplyInbox
    private var gathered: [IncomingDelivery] = []
    /// Which subscription this is: a delivery of an earlier one cannot be acknowledged.
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
