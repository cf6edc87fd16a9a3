package import CeleryCore
package import SQLite
import Wire

/// A walk over the messages that a rule covers, some at a time, without the lock that writers need.
///
/// What is found may have moved by the time somebody writes: then it is to be looked at again.
package struct MessageSweep: Sendable {
    /// Which messages it walks over.
    package enum Scope: Sendable {
        /// Scheduled messages, by their time: finding one by its tag takes a look at all of them.
        case scheduled
        /// All, in the order in which they came.
        case all
    }

    /// Where a message stands.
    package struct Place: Sendable {
        package var tag: Int64
        /// When it is due, if it waits for its time.
        package var due: Double?

        package init(tag: Int64, due: Double?) {
            self.tag = tag
            self.due = due
        }
    }

    private let scope: Scope
    private let rule: Revocation
    /// The last one that was looked at.
    private var last = Place(tag: 0, due: -Double.greatestFiniteMagnitude)

    /// Messages that one look reads at most.
    private static let stride = 2_000

    package init(of scope: Scope, _ rule: Revocation) {
        self.scope = scope
        self.rule = rule
    }

    /// The next ones that are covered, which may be none; `nil` at the end.
    package mutating func next(_ limit: Int, in db: Database) throws -> [Place]? {
        // The content may be large, and is read only if the rule is about it.
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
