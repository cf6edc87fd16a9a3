import CeleryCore
import CeleryDB
import SQLite
import Synchronization
import Wire

/// A worker's subscription to queues of a SQLite file.
///
/// Registers the worker with a lease, and takes messages under that lease.
final class SQLiteConsumer: BrokerConsumer {
    let broker: SQLiteBroker
    /// The consumed queues.
    let selected: Mutex<[String]>
    let identity: WorkerIdentity
    /// Key of the worker's row.
    let number: Int64
    /// Number of the last remote-control request before this worker started.
    let lastRequest: Int64
    /// Answers requests while the subscription lasts.
    let control = Mutex<Task<Void, Never>?>(nil)
    /// Announced task names.
    let tasks = Mutex<[String]>([])
    /// Rates this worker has announced, by task.
    let rates = Mutex<[String: RateLimit]>([:])
    /// Messages of the last take that came from a limit queue and have passed their limits.
    let admitted = Mutex<Set<DeliveryHandle>>([])

    /// Number of the last command that the worker has taken.
    let lastCommand = Mutex<Int64>(0)
    /// Number of the last command in force at the worker; `nil` before it asked for commands. Nothing is taken while newer
    /// commands exist: a message may be revoked.
    let heededCommand = Mutex<Int64?>(nil)

    private let pace = Mutex(Pace())
    /// Whose turn it is among several queues.
    private let shares: Mutex<QueueShares>

    /// What the last take tells about the next.
    private struct Pace {
        /// Whether the last take got the maximum.
        var wasFull = false
        /// When the lease was last renewed, by `uptime`.
        var renewed = 0.0
    }

    /// The last lease seen of each other worker, and when it was seen to change, by `uptime`.
    let signs = Mutex<[Int64: (leaseUntil: Double, seen: Double)]>([:])

    /// The longest wait without a look; `ChangeWatch` explains why a wake-up can be missed.
    static let fallbackPoll: Duration = .seconds(2)

    /// - Parameter held: The deliveries of an earlier subscription that is to be continued; `nil` for a new one.
    init(broker: SQLiteBroker, queues: [String], worker: WorkerIdentity, holding held: [DeliveryHandle]? = nil) async throws {
        self.broker = broker
        selected = Mutex(queues.distinct)
        identity = worker
        shares = Mutex(QueueShares(weights: broker.queueWeights))
        let (number, others, lastRequest) = try await broker.file.write(waking: held != nil) { db in
            let now = broker.now()
            let number = try Self.resume(held, of: queues, as: worker, leaseUntil: now + broker.leaseLength, in: db) ?? WorkerTable.register(
                worker, queues: queues.distinct, tasks: [], number: nil, leaseUntil: now + broker.leaseLength,
                leaseLength: broker.leaseLength, now: now, in: db)
            broker.dropFlightRecords(sparing: try WorkerTable.ids(in: db))
            return (number, try Self.others(than: number, in: db), try ControlTable.lastRequest(in: db))
        }
        self.number = number
        self.lastRequest = lastRequest
        pace.withLock { $0.renewed = broker.uptime() }
        for other in others { _ = isSilent(other) }
    }

    /// Continues the subscription of a worker whose row is there, and returns what has not reached it.
    ///
    /// - Returns: The number of its row; `nil` if there is none.
    private static func resume(
        _ held: [DeliveryHandle]?, of queues: [String], as worker: WorkerIdentity, leaseUntil: Timestamp, in db: Database
    ) throws -> Int64? {
        guard let held, let number = try Int64.fetchOne(db, sql: "SELECT number FROM worker WHERE id = ?", arguments: [worker.id]) else { return nil }
        try db.execute(
            sql: "UPDATE worker SET queues = ?, lease_until = ? WHERE number = ?",
            arguments: [WorkerTable.text(queues.distinct), leaseUntil.seconds, number])
        let known = Set(held)
        for (tag, attempt) in try LeaseTable.attempts(of: number, in: db) {
            let handle = DeliveryHandle(tag: tag, attempt: attempt)
            if !known.contains(handle) { _ = try LeaseTable.giveBack(handle, of: number, started: false, in: db) }
        }
        return number
    }

    var queues: [String] { selected.withLock { $0 } }

    /// Whether to renew the lease: after a third of its length, long before others consider this worker dead.
    var needsRenewal: Bool {
        broker.uptime() - pace.withLock { $0.renewed } > broker.leaseLength.inSeconds / 3
    }

    /// Renews the lease inside a transaction.
    ///
    /// A worker stopped for long was considered dead and has lost its row: others have its messages, and it registers again
    /// under its old number.
    func holdLease(now: Timestamp, in db: Database) throws {
        pace.withLock { $0.renewed = broker.uptime() }
        let statement = try db.cachedStatement(sql: "UPDATE worker SET lease_until = ? WHERE number = ?")
        try statement.execute(arguments: [(now + broker.leaseLength).seconds, number])
        if db.changesCount == 0 {
            _ = try WorkerTable.register(
                identity, queues: queues, tasks: tasks.withLock { $0 }, number: number,
                leaseUntil: now + broker.leaseLength, leaseLength: broker.leaseLength, now: now, in: db)
        }
    }

    /// Whether another worker has found this one dead. Nobody looks at its row again, so messages taken under it would never come back.
    /// `celery broker` may be taking for a worker that has died.
    private func isGone(in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT lease_until FROM worker WHERE number = ?")
        return try Double.fetchOne(statement, arguments: [number]).map { $0 <= 0 } ?? true
    }

    func take(_ maximum: Int) async throws -> [Delivery] {
        guard maximum > 0 else { return [] }
        // After a full take there is likely more; otherwise look first.
        if !pace.withLock({ $0.wasFull }), try await !mayFindWork() { return [] }
        let (rows, passed) = try await broker.file.write(durable: false) { [self] db -> ([ReadyTable.Taken], Set<DeliveryHandle>) in
            // Read the time inside the transaction: a lease counts from then.
            let now = broker.now()
            if try needsRenewal || isGone(in: db) { try holdLease(now: now, in: db) }
            if try hasNewCommands(in: db) { return ([], []) }
            try ScheduledTable.promoteDue(now: now, in: db)
            let open = try StandingCommandTable.open(queues, now: now, in: db).queues
            let limited = try LimitTable.take(maximum, from: open, worker: number, now: now, in: db)
            let rest = maximum - limited.count
            let ready = rest > 0 ? try ReadyTable.take(rest, from: open, worker: number, now: now, in: db) { waiting in
                shares.withLock { $0.share(rest, among: waiting) }
            } : []
            return (limited + ready, Set(limited.map(\.handle)))
        }
        admitted.withLock { $0 = passed }
        pace.withLock { $0.wasFull = rows.count == maximum }
        var deliveries: [Delivery] = []
        for row in rows {
            var delivery: Delivery
            do {
                delivery = Delivery(handle: row.handle, message: try row.encoded.message())
                delivery.encoded = row.encoded
            } catch {
                delivery = await self.delivery(of: row, unreadable: error)
            }
            (delivery.crashes, delivery.doubts) = (row.crashes, row.doubts)
            deliveries.append(delivery)
        }
        return deliveries
    }

    /// The delivery of an unreadable message: the worker rejects it with this reason.
    private func delivery(of row: ReadyTable.Taken, unreadable error: any Error) async -> Delivery {
        let task = try? await broker.file.read { db in
            try String.fetchOne(db, sql: "SELECT task FROM message WHERE tag = ?", arguments: [row.handle.tag])
        }
        var message = Message(id: TaskID(row.id), task: (task ?? nil) ?? "", body: MessageBody(bytes: row.encoded.body))
        message.route.queue = row.encoded.queue
        var delivery = Delivery(handle: row.handle, message: message)
        delivery.defect = Delivery.Defect("\(error)", hasID: true)
        return delivery
    }

    func waitForWork(until deadline: ContinuousClock.Instant?) async throws {
        let seen = broker.file.watch.generation
        if try await mayFindWork() { return }
        let now = broker.now()
        let times = try await broker.file.read { [queues] db in
            let open = try StandingCommandTable.open(queues, now: now, in: db)
            return [try ScheduledTable.nextDue(in: db), open.next, try LimitTable.nextDue(open.queues, now: now, in: db)].compactMap { $0 }
        }
        var wake = ContinuousClock.now + Self.fallbackPoll
        if let next = times.min() { wake = min(wake, .now + max(.zero, next - broker.now())) }
        if let deadline { wake = min(wake, deadline) }
        await broker.file.watch.wait(since: seen, until: wake)
    }

    /// Looks without the write lock, so that an idle worker disturbs no other process.
    private func mayFindWork() async throws -> Bool {
        let now = broker.now()
        return try await broker.file.read { [self, queues] db in
            if try hasNewCommands(in: db) { return false }
            let open = try StandingCommandTable.open(queues, now: now, in: db).queues
            for queue in open {
                let ready = try db.cachedStatement(sql: "SELECT 1 FROM ready WHERE queue = ? LIMIT 1")
                if try Int.fetchOne(ready, arguments: [queue]) != nil { return true }
            }
            if let due = try ScheduledTable.nextDue(in: db), due <= now { return true }
            return try LimitTable.nextDue(open, now: now, in: db).map { $0 <= now } ?? false
        }
    }

    func close() async {
        control.withLock { $0.take() }?.cancel()
        _ = try? await broker.file.write(waking: true) { [number] db in
            try LeaseTable.giveBackAll(of: number, started: false, in: db)
            try db.execute(sql: "DELETE FROM worker WHERE number = ?", arguments: [number])
        }
        broker.dropFlightRecord(of: identity.id)
    }
}
