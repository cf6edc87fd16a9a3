import CeleryCore
import GRDB
import SQLite
import Synchronization
import Wire

/// A worker's subscription to queues of a SQLite file.
///
/// Registers the worker under its lease, and takes messages in that lease's name.
final class SQLiteConsumer: BrokerConsumer {
    let broker: SQLiteBroker
    /// They may change while it works; see `QueueSwitching`.
    private let taken: Mutex<[String]>
    var queues: [String] { taken.withLock { $0 } }
    let identity: WorkerIdentity
    /// The worker's row.
    let number: Int64
    /// The last request of an operator that was there before this worker.
    let lastRequest: Int64
    /// Answers requests, while the subscription lasts.
    let control = Mutex<Task<Void, Never>?>(nil)
    /// The tasks that were announced.
    let tasks = Mutex<[String]>([])
    /// The rates this worker has told the file of, by task.
    let rates = Mutex<[String: RateLimit]>([:])
    /// Of the last take, what came from a line and has passed its limits.
    let admitted = Mutex<Set<DeliveryHandle>>([])

    private let pace = Mutex(Pace())

    /// What the last take tells about the next.
    private struct Pace {
        /// It got all it asked for.
        var wasFull = false
        /// When the lease was renewed last, by `uptime`.
        var renewed = 0.0
    }

    /// What the lease of each other worker was when it was seen to change, and when that was, by `uptime`.
    let signs = Mutex<[Int64: (leaseUntil: Double, seen: Double)]>([:])

    /// How long a worker that shows no sign of life keeps what it has. Death of its
    /// process is seen much sooner; this is for a process that hangs.
    static let leaseLength: Duration = .seconds(15)
    /// The longest wait without looking; see `ChangeWatch` for the writer that dies at the wrong moment.
    static let fallbackPoll: Duration = .seconds(2)

    init(broker: SQLiteBroker, queues: [String], worker: WorkerIdentity) async throws {
        self.broker = broker
        taken = Mutex(queues.distinct)
        identity = worker
        let (number, others, lastRequest) = try await broker.file.write { db in
            let now = broker.now()
            let number = try WorkerTable.register(
                worker, queues: queues.distinct, tasks: [], number: nil, leaseUntil: now + Self.leaseLength, now: now, in: db)
            return (number, try Self.others(than: number, in: db), try ControlTable.lastRequest(in: db))
        }
        self.number = number
        self.lastRequest = lastRequest
        pace.withLock { $0.renewed = broker.uptime() }
        for other in others { _ = isSilent(other) }
    }

    /// Whether the lease is to be renewed: nobody takes this worker for dead within a third of it.
    var needsRenewal: Bool {
        broker.uptime() - pace.withLock { $0.renewed } > Self.leaseLength.inSeconds / 3
    }

    /// Renews the lease inside a transaction.
    ///
    /// A worker that was stopped for long was taken for dead and has lost its row; then
    /// what it held is with others, and it registers again under its old number.
    func holdLease(now: Timestamp, in db: Database) throws {
        pace.withLock { $0.renewed = broker.uptime() }
        let statement = try db.cachedStatement(sql: "UPDATE worker SET lease_until = ? WHERE number = ?")
        statement.setUncheckedArguments([(now + Self.leaseLength).seconds, number])
        try statement.execute()
        if db.changesCount == 0 {
            _ = try WorkerTable.register(
                identity, queues: queues, tasks: tasks.withLock { $0 }, number: number,
                leaseUntil: now + Self.leaseLength, now: now, in: db)
        }
    }

    func take(_ maximum: Int) async throws -> [Delivery] {
        guard maximum > 0 else { return [] }
        // After a full hand there is likely more; otherwise a look comes first.
        if !pace.withLock({ $0.wasFull }), try await !mayFindWork() { return [] }
        let (rows, passed) = try await broker.file.write(durable: false) { [self] db in
            // Read only when it is this worker's turn: a lease counts from then.
            let now = broker.now()
            if needsRenewal { try holdLease(now: now, in: db) }
            try MessageTable.promoteDue(now: now, in: db)
            let limited = try LimitTable.take(maximum, from: queues, worker: number, now: now, in: db)
            let rest = maximum - limited.count
            let ready = rest > 0 ? try ReadyTable.take(rest, from: queues, worker: number, now: now, in: db) : []
            return (limited + ready, Set(limited.map(\.handle)))
        }
        admitted.withLock { $0 = passed }
        pace.withLock { $0.wasFull = rows.count == maximum }
        var deliveries: [Delivery] = []
        var unreadable: [Outcome] = []
        for row in rows {
            do {
                deliveries.append(Delivery(handle: row.handle, message: try row.encoded.message()))
            } catch {
                var result = TaskResult(id: TaskID(row.id), state: .failure, failure: .invalidTask("\(error)"))
                result.attempt = row.handle.attempt
                result.dateDone = broker.now()
                unreadable.append(Outcome(handle: row.handle, results: [result]))
            }
        }
        // What cannot be read can never run: it is taken out of the way with its reason. When
        // that fails it stays leased; the others are this worker's all the same.
        _ = try? await settleAtomically(unreadable)
        return deliveries
    }

    func waitForWork(until deadline: ContinuousClock.Instant?) async throws {
        let seen = broker.file.watch.generation
        if try await mayFindWork() { return }
        let now = broker.now()
        let due = try await broker.file.read { [queues] db in
            let times = [try MessageTable.nextDue(in: db), try LimitTable.nextDue(queues, now: now, in: db)]
            return times.compactMap { $0 }.min()
        }
        var wake = ContinuousClock.now + Self.fallbackPoll
        if let due { wake = min(wake, .now + max(.zero, due - broker.now())) }
        if let deadline { wake = min(wake, deadline) }
        await broker.file.watch.wait(since: seen, until: wake)
    }

    /// A look without the write lock, so that an idle worker disturbs nobody.
    private func mayFindWork() async throws -> Bool {
        let now = broker.now()
        let queues = self.queues
        return try await broker.file.read { db in
            for queue in queues {
                let ready = try db.cachedStatement(sql: "SELECT 1 FROM ready WHERE queue = ? LIMIT 1")
                if try Int.fetchOne(ready, arguments: [queue]) != nil { return true }
            }
            if let due = try MessageTable.nextDue(in: db), due <= now { return true }
            return try LimitTable.nextDue(queues, now: now, in: db).map { $0 <= now } ?? false
        }
    }

    /// Changes the queues, and tells it to those who look at workers.
    func switchQueues(_ change: @Sendable (inout [String]) -> Void) async throws {
        let names = taken.withLock { queues in
            change(&queues)
            return queues
        }
        let text = WorkerTable.text(names)
        // Waking, for this worker may wait for work of the others.
        try await broker.file.write(waking: true, durable: false) { [number] db in
            try db.execute(sql: "UPDATE worker SET queues = ? WHERE number = ?", arguments: [text, number])
        }
    }

    func close() async {
        control.withLock { $0.take() }?.cancel()
        _ = try? await broker.file.write(waking: true) { [number] db in
            try LeaseTable.giveBackAll(of: number, started: false, in: db)
            try db.execute(sql: "DELETE FROM worker WHERE number = ?", arguments: [number])
        }
    }
}
