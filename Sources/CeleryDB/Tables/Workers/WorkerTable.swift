package import CeleryCore
import Processes
package import SQLite

/// Rows of the `worker` table.
package enum WorkerTable {
    static let schema = """
        CREATE TABLE worker (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            -- identifies the process and boot, to notice at once when it is gone
            process TEXT NOT NULL,
            pid INTEGER NOT NULL,
            queues TEXT NOT NULL,
            tasks TEXT NOT NULL,
            started REAL NOT NULL,
            -- alive until then, unless renewed (Unix seconds)
            lease_until REAL NOT NULL,
            -- seconds without renewal after which the worker is considered dead
            lease_length REAL NOT NULL DEFAULT 15
        );
        """

    package struct Entry {
        package var row: OtherWorker
        package var pid: Int
        package var queues: [String]
        package var tasks: [String]
        package var started: Timestamp
    }

    /// Adds a worker, under its old number or a new one. Returns the number.
    package static func register(
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

    package static func all(in db: Database) throws -> [Entry] {
        try Row.fetchAll(
            db, sql: "SELECT \(OtherWorker.columns), pid, queues, tasks, started FROM worker ORDER BY number"
        ).map { row in
            Entry(
                row: OtherWorker(row), pid: row["pid"], queues: names(row["queues"]), tasks: names(row["tasks"]),
                started: Timestamp(seconds: row["started"]))
        }
    }

    /// Notes that a worker was found dead. Its row stays for a while, so that its loss can be told.
    package static func noteLoss(of number: Int64, at time: Timestamp, in db: Database) throws {
        try db.execute(sql: "UPDATE worker SET lease_until = ? WHERE number = ?", arguments: [-time.seconds, number])
        // As when the row of a worker is deleted: see `LimitTable.triggers`.
        try db.execute(sql: "DELETE FROM place WHERE worker = ?", arguments: [number])
    }

    /// Removes the rows of workers that were found dead before `time`.
    package static func dropLost(before time: Timestamp, in db: Database) throws {
        try db.execute(sql: "DELETE FROM worker WHERE lease_until <= 0 AND lease_until > ?", arguments: [-time.seconds])
    }

    /// The worker with this number.
    package static func entry(_ number: Int64, in db: Database) throws -> Entry? {
        try all(in: db).first { $0.row.number == number }
    }

    /// A worker that lives as far as this machine can tell: by its process, or else by its lease. Reads columns of layout 1 only.
    static func firstAlive(at now: Timestamp, in db: Database) throws -> (name: String, pid: Int)? {
        let rows = try Row.fetchAll(db, sql: "SELECT name, pid, process, lease_until FROM worker ORDER BY number")
        let living = rows.first { row in
            switch ProcessIdentity(row[2])?.liveness {
            case .alive: true
            case .dead: false
            case .unknown, nil: (row[3] as Double) >= now.seconds
            }
        }
        return living.map { ($0[0], $0[1]) }
    }

    /// The ids of all workers.
    package static func ids(in db: Database) throws -> Set<String> { Set(try String.fetchAll(db, sql: "SELECT id FROM worker")) }

    /// Names as stored in a column.
    package static func text(_ names: [String]) -> String { JSON.array(names.map(JSON.string)).text(style: .compact) }

    private static func names(_ text: String) -> [String] {
        (try? JSON(parsing: Array(text.utf8)))?.arrayValue?.compactMap(\.stringValue) ?? []
    }
}

package struct OtherWorker: Sendable {
    package var number: Int64
    package var id: String
    package var name: String
    package var process: String
    package var leaseUntil: Double
    /// Seconds, chosen by that worker.
    package var leaseLength: Double

    /// When the worker was found dead; `nil` before. Such a worker has the negated time as the end of its lease, which it
    /// replaces should it be alive after all.
    package var lost: Timestamp? { leaseUntil > 0 ? nil : Timestamp(seconds: -leaseUntil) }

    package static let columns = "number, id, name, process, lease_until, lease_length"

    /// Reads these columns, which come first in the row.
    package init(_ row: Row) {
        (number, id, name, process) = (row[0], row[1], row[2], row[3])
        (leaseUntil, leaseLength) = (row[4], row[5])
    }
}
