// The embedded broker: queues in a SQLite file, shared by any number of processes of
// one machine. See the `SQLite` room for the file, its tables and how waiting works.

package import CeleryCore
package import CeleryDB
import SQLite

/// Keeps messages in a `celery.db`.
package final class SQLiteBroker: Broker, SQLiteFileHolding {
    package let file: DatabaseFile
    package let location: String
    /// Seconds that results settled through this broker are kept.
    let resultExpires: Double?
    /// How long events are kept.
    let retention: EventRetention
    /// The order of what waits.
    let ranking: MessageRanking
    /// Of queues that have another weight than 1.
    let queueWeights: [String: Int]
    /// Whether the process of a `WorkerIdentity` lives; `nil` when that cannot be told.
    let processLives: @Sendable (_ process: String) -> Bool?
    /// How long a worker of ours that shows no sign of life keeps what it has. Death of its
    /// process is seen much sooner; this is for a process that hangs.
    let leaseLength: Duration
    let now: @Sendable () -> Timestamp
    /// Seconds on a clock that nobody sets, and that stands still while the machine sleeps.
    let uptime: @Sendable () -> Double
    private let publications: GroupCommit<Message>

    /// - Parameter now: A clock to be used instead of the machine's, also to measure how long something lasts.
    package init(
        file: DatabaseFile, resultExpires: Double?, retention: EventRetention = EventRetention(seconds: 86_400),
        leaseLength: Duration = .seconds(15), ranking: MessageRanking = MessageRanking(), queueWeights: [String: Int] = [:],
        processLives: @escaping @Sendable (String) -> Bool?,
        now given: (@Sendable () -> Timestamp)? = nil
    ) {
        let now: @Sendable () -> Timestamp = given ?? { Timestamp.now }
        self.file = file
        location = "sqlite://\(file.path)"
        self.resultExpires = resultExpires
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
    }

    package func publish(_ messages: [Message]) async throws {
        guard !messages.isEmpty else { return }
        do {
            try await publications.add(messages)
        } catch let error as DriverError where error.isAboutRequest {
            // All or none.
            throw DriverError(
                error.code, error.message, hint: error.hint, unconfirmed: Set(messages.map(\.id)), subject: error.subject)
        }
    }

    package func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        try await SQLiteConsumer(broker: self, queues: queues, worker: worker)
    }

    package func close() async { file.close() }

    /// One publisher's mistake must not undo what others put into the same commit.
    private static func savepoint(
        in db: Database, alone: Bool, _ body: () throws -> Void
    ) throws -> Result<Void, any Error> {
        if alone {
            try body()
            return .success(())
        }
        do {
            try db.inSavepoint(body)
            return .success(())
        } catch let error as DriverError {
            return .failure(error)
        }
    }
}
