import CeleryCore
import SQLite

/// Rows of the `worker` table.
enum WorkerTable {
    struct Entry {
        var row: OtherWorker
        var pid: Int
        var queues: [String]
        var tasks: [String]
        var started: Timestamp
    }

    /// Adds a worker, under its old number or a new one. Returns the number.
    static func register(
        _ worker: WorkerIdentity, queues: [String], tasks: [String], number: Int64?, leaseUntil: Timestamp,
        leaseLength: Duration, now: Timestamp, in db: Database
    ) throws -> Int64 {
        try db.execute(
            sql: """
                INSERT INTO worker (number, id, name, process, pid, queues, tasks, started, lease_until, lease_length)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                number, worker.id, worker.name, worker.process, worker.pid,
                text(queues), text(tasks), now.seconds, leaseUntil.seconds,
                leaseLength.inSeconds,
            ])
        return db.lastInsertedRowID
    }

    static func all(in db: Database) throws -> [Entry] {
        try Row.fetchAll(
            db, sql: "SELECT \(OtherWorker.columns), pid, queues, tasks, started FROM worker ORDER BY number"
        ).map { row in
            Entry(
                row: OtherWorker(row), pid: row["pid"], queues: names(row["queues"]), tasks: names(row["tasks"]),
                started: Timestamp(seconds: row["started"]))
        }
    }

    /// The ids of all workers.
    static func ids(in db: Database) throws -> Set<String> { Set(try String.fetchAll(db, sql: "SELECT id FROM worker")) }

    /// Names as stored in a column.
    static func text(_ names: [String]) -> String { JSON.array(names.map(JSON.string)).text(style: .compact) }

    private static func names(_ text: String) -> [String] {
        (try? JSON(parsing: Array(text.utf8)))?.arrayValue?.compactMap(\.stringValue) ?? []
    }
}
