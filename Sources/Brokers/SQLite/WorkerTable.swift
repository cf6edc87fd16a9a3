import CeleryCore
import GRDB

/// Rows of the `worker` table.
enum WorkerTable {
    struct Entry {
        var row: OtherWorker
        var pid: Int
        var queues: [String]
        var tasks: [String]
        var started: Timestamp
    }

    /// Adds a worker, under a number of its own or the one it had. Returns the number.
    static func register(
        _ worker: WorkerIdentity, queues: [String], tasks: [String], number: Int64?, leaseUntil: Timestamp,
        now: Timestamp, in db: Database
    ) throws -> Int64 {
        try db.execute(
            sql: """
                INSERT INTO worker (number, id, name, process, pid, queues, tasks, started, lease_until)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                number, worker.id, worker.name, worker.process, worker.pid,
                text(queues), text(tasks), now.seconds, leaseUntil.seconds,
            ])
        return db.lastInsertedRowID
    }

    static func all(in db: Database) throws -> [Entry] {
        try Row.fetchAll(
            db, sql: "SELECT number, name, process, lease_until, pid, queues, tasks, started FROM worker ORDER BY number"
        ).map { row in
            Entry(
                row: OtherWorker(number: row[0], name: row[1], process: row[2], leaseUntil: row[3]), pid: row[4],
                queues: names(row[5]), tasks: names(row[6]), started: Timestamp(seconds: row[7]))
        }
    }

    /// Names as a column holds them.
    static func text(_ names: [String]) -> String { JSON.array(names.map(JSON.string)).text(style: .compact) }

    private static func names(_ text: String) -> [String] {
        (try? JSON(parsing: Array(text.utf8)))?.arrayValue?.compactMap(\.stringValue) ?? []
    }
}
