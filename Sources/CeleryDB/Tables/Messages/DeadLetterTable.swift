package import CeleryCore
package import SQLite
import Wire

/// Rows of the table `dead_letter`.
package enum DeadLetterTable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS dead_letter (
            -- in the order of burial
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            task TEXT NOT NULL,
            queue TEXT NOT NULL,
            -- signal N, out of memory, lost, unregistered, unreadable
            reason TEXT NOT NULL,
            error TEXT NOT NULL,
            worker TEXT NOT NULL,
            -- Unix seconds
            buried REAL NOT NULL,
            -- number of attempts, and how many of them lost their process
            attempts INTEGER NOT NULL,
            crashes INTEGER NOT NULL,
            -- the columns of the message
            rank INTEGER NOT NULL,
            retries INTEGER NOT NULL,
            submitted REAL NOT NULL,
            headers BLOB NOT NULL,
            properties BLOB,
            body BLOB NOT NULL
        );
        CREATE INDEX IF NOT EXISTS dead_letter_id ON dead_letter (id);
        """

    /// Copies a message to the dead letters. The caller deletes its row.
    package static func bury(_ tag: Int64, _ burial: Burial, in db: Database) throws {
        let statement = try db.cachedStatement(sql: """
            INSERT INTO dead_letter
                (id, task, queue, reason, error, worker, buried, attempts, crashes, rank, retries, submitted, headers, properties, body)
            SELECT id, task, queue, ?, ?, ?, ?, ?, ?, rank, retries, submitted, headers, properties, body FROM message WHERE tag = ?
            """)
        try statement.execute(arguments: [
            burial.reason.name, burial.error, burial.worker, burial.date.seconds, burial.attempts, burial.crashes, tag,
        ])
    }

    /// Adds a message without a row to the dead letters.
    package static func bury(_ message: Message, _ burial: Burial, submitted: Timestamp, in db: Database) throws {
        let row = EncodedMessage(message)
        try db.execute(
            sql: """
                INSERT INTO dead_letter
                    (id, task, queue, reason, error, worker, buried, attempts, crashes, rank, retries, submitted, headers, properties, body)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                message.id.text, message.task, message.route.queue, burial.reason.name, burial.error, burial.worker,
                burial.date.seconds, burial.attempts, burial.crashes, -(message.priority ?? 0), message.retries,
                submitted.seconds, row.headers, row.properties, row.body,
            ])
    }

    /// A dead letter and its row number.
    package struct Entry: Sendable {
        package var number: Int64
        package var letter: DeadLetter
    }

    /// The oldest matching letters.
    package static func entries(
        _ filter: DeadLetterFilter, limit: Int, withContent: Bool, in db: Database
    ) throws -> [Entry] {
        var conditions: [String] = []
        var arguments: [any SQLiteConvertible] = []
        func add(_ condition: String, _ value: (any SQLiteConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments.append(value)
        }
        // Conditions that SQL can check; the filter makes the final decision.
        add("queue = ?", filter.queue)
        add("buried >= ?", filter.since?.seconds)
        add("buried < ?", filter.until?.seconds)
        if let keys = filter.keys {
            conditions.append("id IN (SELECT value FROM json_each(?))")
            arguments.append(JSON.array(keys.map(JSON.string)).text(style: .compact))
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let content = withContent ? ", headers, properties, body" : ""
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT number, id, task, queue, reason, error, worker, buried, attempts, crashes\(content)
                FROM dead_letter \(condition) ORDER BY number
                """,
            arguments: StatementArguments(arguments))
        var entries: [Entry] = []
        while entries.count < limit, let row = try rows.next() {
            let entry = Entry(number: row[0], letter: letter(row, withContent: withContent))
            if filter.matches(entry.letter) { entries.append(entry) }
        }
        return entries
    }

    private static func letter(_ row: Row, withContent: Bool) -> DeadLetter {
        let burial = Burial(
            DeathReason(name: row[4]), error: row[5], date: Timestamp(seconds: row[7]), worker: row[6], attempts: row[8],
            crashes: row[9])
        let id: String = row[1]
        var letter = DeadLetter(key: id, taskID: TaskID(id), task: row[2], queue: row[3], burial: burial)
        if withContent {
            let encoded = EncodedMessage(row: row, from: 10, queue: letter.queue)
            letter.content = DeadLetter.Content(
                headers: encoded.headers, properties: encoded.properties ?? [], body: encoded.body, message: try? encoded.message())
        }
        return letter
    }

    package static func remove(_ number: Int64, in db: Database) throws {
        try db.execute(sql: "DELETE FROM dead_letter WHERE number = ?", arguments: [number])
    }
}
