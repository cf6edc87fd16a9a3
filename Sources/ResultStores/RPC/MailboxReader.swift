import Brokers
import CeleryCore
import RabbitMQ
import Synchronization
import Wire

/// Moves results from a mailbox to a file, as they come.
final class MailboxReader: Sendable {
    private let owner: ConnectionOwner
    private let inbox: ReplyInbox
    private let work: Task<Void, Never>

    init(broker: AMQPBroker, queue: QueueDeclaration, into store: SQLiteResultStore) throws {
        let inbox = ReplyInbox()
        let owner = try ConnectionOwner(broker.alternatives, .always) { MailboxUse(queue: queue, inbox: inbox) }
        self.inbox = inbox
        self.owner = owner
        work = Task {
            for await batch in inbox.batches { await Self.move(batch, into: store, owner, inbox) }
        }
    }

    /// Why there is no connection now, if it was refused.
    var trouble: RabbitMQError? { inbox.state.withLock { $0.trouble } }

    /// Waits until so many have been moved.
    func waitFor(_ count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let seen = inbox.bell.count
            let (moved, trouble) = inbox.state.withLock { ($0.moved, $0.trouble) }
            // Others may have taken some of them.
            if moved >= count || deadline <= .now { return }
            if let trouble { throw trouble }
            let wake = min(deadline, .now + .milliseconds(moved == 0 ? 500 : 100))
            await inbox.bell.wait(since: seen, until: wake)
            if wake <= .now && inbox.bell.count == seen && inbox.state.withLock({ $0.isSubscribed }) { return }
        }
    }

    func close() async {
        inbox.finish()
        await work.value
        await owner.close()
    }

    private static func move(
        _ batch: [IncomingDelivery], into store: SQLiteResultStore, _ owner: ConnectionOwner, _ inbox: ReplyInbox
    ) async {
        // What is no result is of no use to anybody, and goes.
        let results = batch.compactMap { try? KeptResult.read($0.message.body) }
        do {
            try await store.store(results)
        } catch {
            // Not acknowledged: they come again.
            inbox.fail(RabbitMQError(.lost, "cannot keep results: \(error)"))
            return
        }
        guard let last = batch.last else { return }
        owner.perform(as: MailboxUse.self) { ready in
            guard case .success(let (connection, use)) = ready else { return nil }
            do throws(RabbitMQError) {
                try use.acknowledge(last, connection)
                return nil
            } catch {
                return error
            }
        }
        inbox.noteMoved(batch.count)
    }
}

/// Where the thread and those who wait meet.
final class ReplyInbox: Sendable {
    struct State {
        var moved = 0
        var isSubscribed = false
        var trouble: RabbitMQError?
    }

    let state = Mutex(State())
    let bell = Bell()
    let batches: AsyncStream<[IncomingDelivery]>
    private let pass: AsyncStream<[IncomingDelivery]>.Continuation

    init() { (batches, pass) = AsyncStream.makeStream() }

    func add(_ deliveries: [IncomingDelivery]) { pass.yield(deliveries) }

    func finish() { pass.finish() }

    func noteMoved(_ count: Int) {
        state.withLock { $0.moved += count }
        bell.ring()
    }

    func noteSubscribed() {
        state.withLock {
            $0.isSubscribed = true
            $0.trouble = nil
        }
        bell.ring()
    }

    func fail(_ error: RabbitMQError) {
        state.withLock { state in
            state.isSubscribed = false
            // A server that is away comes back; one that refuses does not change its mind.
            if case .refused = error.code { state.trouble = error }
        }
        bell.ring()
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

    func lost(_ error: RabbitMQError) { inbox.fail(error) }

    func acknowledge(_ last: IncomingDelivery, _ connection: Connection) throws(RabbitMQError) {
        guard last.consumer == "\(number)" else { return }
        try connection.acknowledge(last.tag, isMultiple: true, on: Self.channel)
    }
}
