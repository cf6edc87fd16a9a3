package import CeleryCore
package import SQLite

/// Keys under which somebody submitted a message, so that it is submitted once.
package enum SubmissionKeyTable {
    static let schema = """
        CREATE TABLE submission_key (
            key TEXT PRIMARY KEY, id TEXT NOT NULL, expires REAL NOT NULL
        ) WITHOUT ROWID;
        """

    /// Some expired keys. May read the whole table, which has no index for it.
    package static func ended(now: Timestamp, in db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "SELECT key FROM submission_key WHERE expires <= ? LIMIT 200", arguments: [now.seconds])
    }

    /// Forgets those of these keys whose time is over.
    package static func forget(_ keys: [String], now: Timestamp, in db: Database) throws {
        let forget = try db.cachedStatement(sql: "DELETE FROM submission_key WHERE key = ? AND expires <= ?")
        for key in keys { try forget.execute(arguments: [key, now.seconds]) }
    }

    /// The message that was submitted under a key.
    package static func id(of key: String, in db: Database) throws -> TaskID? {
        try String.fetchOne(db, sql: "SELECT id FROM submission_key WHERE key = ?", arguments: [key]).map { TaskID($0) }
    }

    package static func add(_ key: String, _ id: TaskID, until: Timestamp, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO submission_key (key, id, expires) VALUES (?, ?, ?)", arguments: [key, id.text, until.seconds])
    }
}
