// The embedded broker: queues in a SQLite file, shared by any number of processes on one machine.
// The `SQLite` room has the file, its tables and the waiting.

package import CeleryCore
package import CeleryDB
import SQLite

/// Stores messages in a `celery.db`.
package final class SQLiteBroker: Broker, SQLiteFileHolding {
    package let file: DatabaseFile
    package let location: String
    /// Seconds that results settled through this broker are kept.
    let resultExpires: Double?
    /// The size in bytes up to which the arguments of a message are kept with its result.
    let argumentLimit: Int
    /// Seconds that output settled through this broker is kept.
    let outputExpires: Double?
    /// How long events are kept.
    let retention: EventRetention
    /// Order of waiting messages.
    let ranking: MessageRanking
    /// Weights of queues whose weight is not 1.
    let queueWeights: [String: Int]
    /// Whether the process of a `WorkerIdentity` lives; `nil` when unknown.
    let processLives: @Sendable (_ process: String) -> Bool?
    /// How long a silent worker keeps its deliveries. The death of a process is noticed much sooner; this is for a
    /// process that hangs.
    let leaseLength: Duration
    let now: @Sendable () -> Timestamp
    /// Seconds on a clock that is never set and that stops while the machine sleeps.
    let uptime: @Sendable () -> Double
    private let publications: GroupCommit<Message, Void>
    /// What several workers of this process settle at the same time.
    let settlements: GroupCommit<SQLiteSettlement, [Bool]>

    /// - Parameters:
    ///   - outputExpires: `nil` for as long as results.
    ///   - now: A clock to use instead of the machine's, also for measuring durations.
    package init(
        file: DatabaseFile, resultExpires: Double?, argumentLimit: Int = 65_536, outputExpires: Double? = nil,
        retention: EventRetention = EventRetention(seconds: 86_400),
        leaseLength: Duration = .seconds(15), ranking: MessageRanking = MessageRanking(), queueWeights: [String: Int] = [:],
        processLives: @escaping @Sendable (String) -> Bool?,
        now given: (@Sendable () -> Timestamp)? = nil
    ) {
        let now: @Sendable () -> Timestamp = given ?? { Timestamp.now }
        self.file = file
        location = "sqlite://\(file.path)"
        self.resultExpires = resultExpires
        self.argumentLimit = argumentLimit
        self.outputExpires = outputExpires ?? resultExpires
        self.retention = retention
        self.leaseLength = leaseLength
        self.ranking = ranking
        self.queueWeights = queueWeights
        self.processLives = processLives
        self.now = now
        if given != nil {
            uptime = { now().seconds }
        } else {
            let start = SuspendingClock.now
            uptime = { (SuspendingClock.now - start).inSeconds }
        }
        publications = GroupCommit { groups in
            try await file.write(waking: true) { db in
                let submitted = now()
                return try groups.map { messages in
                    try Self.savepoint(in: db, alone: groups.count == 1) {
                        for message in messages { try MessageTable.insert(message, submitted: submitted, ranking: ranking, in: db) }
                    }
                }
            }
        }
        let terms = SQLiteSettlement.Terms(
            resultExpires: resultExpires, outputExpires: self.outputExpires, argumentLimit: argumentLimit, ranking: ranking)
        settlements = GroupCommit { groups in
            try await file.write(waking: true) { db in
                let now = now()
                return try groups.map { settlements in
                    try Self.savepoint(in: db, alone: groups.count == 1) { try settlements.flatMap { try $0.commit(terms, now: now, in: db) } }
                }
            }
        }
    }

    package func publish(_ messages: [Message]) async throws {
        guard !messages.isEmpty else { return }
        do {
            try await publications.add(messages)
        } catch let error as DriverError where error.isAboutRequest {
            // All messages or none.
            throw DriverError(
                error.code, error.message, hint: error.hint, unconfirmed: Set(messages.map(\.id)), subject: error.subject)
        }
    }

    package func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        try await SQLiteConsumer(broker: self, queues: queues, worker: worker)
    }

    package func close() async { file.close() }

    /// One publisher's mistake must not undo the messages of others in the same commit.
    private static func savepoint<Value>(
        in db: Database, alone: Bool, _ body: () throws -> Value
    ) throws -> Result<Value, any Error> {
        if alone { return .success(try body()) }
        do {
            return .success(try db.inSavepoint(body))
        } catch let error as DriverError {
            return .failure(error)
        }
    }
}

extension SQLiteBroker: SubscriptionResuming {
    package func resume(holding held: [DeliveryHandle], of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        try await SQLiteConsumer(broker: self, queues: queues, worker: worker, holding: held)
    }
}
