package import CeleryCore
package import SQLite
import Wire

/// A walk over the messages that a rule covers, some at a time, without the write lock.
///
/// A message found may have moved before it is written: check it again.
package struct MessageSweep: Sendable {
    /// Which messages to walk over.
    package enum Scope: Sendable {
        /// Scheduled messages by ETA: finding one by its tag would scan all of them.
        case scheduled
        /// All messages, oldest first.
        case all
    }

    /// The keys of a message.
    package struct Place: Sendable {
        package var tag: Int64
        /// Its ETA, if it is scheduled.
        package var due: Double?

        package init(tag: Int64, due: Double?) {
            self.tag = tag
            self.due = due
        }
    }

    private let scope: Scope
    private let rule: Revocation
    /// Keys of the last message read.
    private var last = Place(tag: 0, due: -Double.greatestFiniteMagnitude)

    /// Limit of messages read at a time.
    private static let stride = 2_000

    package init(of scope: Scope, _ rule: Revocation) {
        self.scope = scope
        self.rule = rule
    }

    /// The next covered messages, possibly none; `nil` at the end.
    package mutating func next(_ limit: Int, in db: Database) throws -> [Place]? {
        // Content may be large; read it only for rules about headers.
        let content = if case .header = rule.target { "m.headers, m.properties, m.body" } else { "NULL, NULL, NULL" }
        let sql = switch scope {
        case .scheduled: """
            SELECT m.tag, s.due, m.task, m.submitted, m.queue, \(content)
            FROM scheduled s CROSS JOIN message m ON m.tag = s.tag
            WHERE (s.due, s.tag) > (?, ?) ORDER BY s.due, s.tag LIMIT ?
            """
        case .all: """
            SELECT m.tag, NULL, m.task, m.submitted, m.queue, \(content)
            FROM message m WHERE ? IS NOT NULL AND m.tag > ? ORDER BY m.tag LIMIT ?
            """
        }
        var places: [Place] = []
        var isEnd = true
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: [last.due, last.tag, Self.stride])
        while places.count < limit, let row = try rows.next() {
            isEnd = false
            let due: Double? = row[1]
            last = Place(tag: row[0], due: due ?? last.due)
            if covers(row) { places.append(Place(tag: last.tag, due: due)) }
        }
        return isEnd ? nil : places
    }

    private func covers(_ row: Row) -> Bool {
        // A revocation does not cover messages submitted after it.
        guard (row[3] as Double) <= rule.issued.seconds else { return false }
        switch rule.target {
        case .id: return false
        case .task(let name): return (row[2] as String) == name
        case .header:
            guard let message = try? EncodedMessage(row: row, from: 5, queue: row[4]).message() else { return false }
            return rule.covers(message)
        }
    }
}
