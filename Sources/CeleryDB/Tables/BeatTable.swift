package import CeleryCore
package import SQLite

/// Rows of the tables `beat`, `beat_entry` and `beat_order`.
package enum BeatTable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS beat (
            name TEXT PRIMARY KEY,
            -- the leader of the beats of this name; no row when there is none
            leader TEXT NOT NULL,
            leader_name TEXT NOT NULL,
            pid INTEGER NOT NULL,
            process TEXT NOT NULL,
            since REAL NOT NULL,
            -- alive until then, unless renewed (Unix seconds)
            lease_until REAL NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS beat_entry (
            beat TEXT NOT NULL, name TEXT NOT NULL,
            -- what was sent and with what result, as JSON
            record TEXT NOT NULL,
            PRIMARY KEY (beat, name)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS beat_order (
            -- never used twice, so that no command is mistaken for an earlier one
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            beat TEXT NOT NULL,
            -- the command for the leader, as JSON
            body TEXT NOT NULL
        );
        """

    /// The leader's row.
    package struct Leader: Sendable, Equatable {
        package var id: String
        package var name: String
        package var pid: Int
        package var process: String
        package var since: Timestamp
        /// Unix seconds.
        package var leaseUntil: Double

        package init(id: String, name: String, pid: Int, process: String, since: Timestamp, leaseUntil: Double) {
            (self.id, self.name, self.pid, self.process) = (id, name, pid, process)
            (self.since, self.leaseUntil) = (since, leaseUntil)
        }
    }

    package static func leader(of beat: String, in db: Database) throws -> Leader? {
        let statement = try db.cachedStatement(sql: """
            SELECT leader, leader_name, pid, process, since, lease_until FROM beat WHERE name = ?
            """)
        return try Row.fetchOne(statement, arguments: [beat]).map { row in
            Leader(
                id: row[0], name: row[1], pid: row[2], process: row[3], since: Timestamp(seconds: row[4]), leaseUntil: row[5])
        }
    }

    package static func setLeader(_ leader: Leader, of beat: String, in db: Database) throws {
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO beat (name, leader, leader_name, pid, process, since, lease_until)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                beat, leader.id, leader.name, leader.pid, leader.process, leader.since.seconds, leader.leaseUntil,
            ])
    }

    package static func removeLeader(_ id: String, of beat: String, in db: Database) throws {
        try db.execute(sql: "DELETE FROM beat WHERE name = ? AND leader = ?", arguments: [beat, id])
    }

    // MARK: Records

    /// - Parameter path: The file, for the error about an unreadable record.
    package static func records(of beat: String, path: String, in db: Database) throws -> [String: EntryRecord] {
        var records: [String: EntryRecord] = [:]
        let rows = try Row.fetchCursor(db, sql: "SELECT name, record FROM beat_entry WHERE beat = ?", arguments: [beat])
        while let row = try rows.next() {
            let name: String = row[0]
            guard let text = (row[1] as SQLiteValue).text, let json = try? JSON(parsing: text),
                let record = EntryRecord(json: json), record.name == name
            else { throw unreadableRecord(of: name, in: beat, path: path) }
            records[name] = record
        }
        return records
    }

    package static func write(_ records: [(name: String, text: String)], of beat: String, in db: Database) throws {
        let statement = try db.cachedStatement(sql: "INSERT OR REPLACE INTO beat_entry (beat, name, record) VALUES (?, ?, ?)")
        for record in records {
            try statement.execute(arguments: [beat, record.name, record.text])
        }
    }

    private static func unreadableRecord(of entry: String, in beat: String, path: String) -> DriverError {
        let place = "FROM beat_entry WHERE beat = \(quoted(beat)) AND name = \(quoted(entry))"
        return DriverError(
            .unusable,
            "database \(path): cannot read the record of entry '\(entry)' of beat '\(beat)' in table beat_entry; it was left unchanged",
            hint: "show it with SELECT record \(place); DELETE \(place) makes the entry start afresh")
    }

    // MARK: Commands

    /// - Parameter path: The file, for the error about an unreadable command.
    package static func commands(of beat: String, path: String, in db: Database) throws -> [(number: Int64, command: LeaderCommand)] {
        let statement = try db.cachedStatement(sql: "SELECT number, body FROM beat_order WHERE beat = ? ORDER BY number")
        return try Row.fetchAll(statement, arguments: [beat]).map { row in
            let number: Int64 = row[0]
            guard let text = (row[1] as SQLiteValue).text, let json = try? JSON(parsing: text), let command = LeaderCommand(json: json)
            else { throw unreadableCommand(number, in: beat, path: path) }
            return (number, command)
        }
    }

    /// The number of the newest command; 0 when there is none.
    package static func lastCommand(of beat: String, in db: Database) throws -> Int64 {
        let statement = try db.cachedStatement(sql: "SELECT max(number) FROM beat_order WHERE beat = ?")
        return try Int64.fetchOne(statement, arguments: [beat]) ?? 0
    }

    package static func add(_ command: LeaderCommand, to beat: String, in db: Database) throws {
        try db.execute(sql: "INSERT INTO beat_order (beat, body) VALUES (?, ?)", arguments: [beat, command.json.text()])
    }

    package static func remove(_ commands: [Int64], of beat: String, in db: Database) throws {
        for number in commands {
            try db.execute(sql: "DELETE FROM beat_order WHERE number = ? AND beat = ?", arguments: [number, beat])
        }
    }

    private static func unreadableCommand(_ number: Int64, in beat: String, path: String) -> DriverError {
        let place = "FROM beat_order WHERE number = \(number)"
        return DriverError(
            .unusable,
            "database \(path): cannot read command \(number) for beat '\(beat)' in table beat_order; it was left unchanged",
            hint: "show it with SELECT body \(place); remove it with DELETE \(place)")
    }

    /// An SQL string literal.
    private static func quoted(_ text: String) -> String { "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'" }
}
