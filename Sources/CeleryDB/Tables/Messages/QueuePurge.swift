package import SQLite

/// Purging one queue from one of the tables where messages wait.
package struct QueuePurge: Sendable {
    package enum Place: CaseIterable, Sendable {
        case scheduled, ready, limited
    }

    package let queue: String
    package let place: Place
    /// Later messages stay.
    package let lastTag: Int64
    package private(set) var isDone = false
    /// Keys of the last message read, where other queues' messages are interleaved.
    private var last: (due: Double, tag: Int64) = (-.greatestFiniteMagnitude, 0)

    /// Limit of messages read at a time.
    private static let stride = 5_000

    package init(queue: String, place: Place, lastTag: Int64) {
        (self.queue, self.place, self.lastTag) = (queue, place, lastTag)
    }

    /// Deletes at most `limit` messages. Returns their number.
    package mutating func removeSome(_ limit: Int, in db: Database) throws -> Int {
        switch place {
        case .scheduled: try removeScheduled(limit, in: db)
        case .ready: try removeReady(limit, in: db)
        case .limited: try removeLimited(limit, in: db)
        }
    }

    private mutating func removeScheduled(_ limit: Int, in db: Database) throws -> Int {
        let find = try db.cachedStatement(sql: """
            SELECT s.due, s.tag, m.queue FROM scheduled s CROSS JOIN message m ON m.tag = s.tag
            WHERE (s.due, s.tag) > (?, ?) ORDER BY s.due, s.tag LIMIT \(Self.stride)
            """)
        var found: [(due: Double, tag: Int64)] = []
        var looks = 0
        let rows = try Row.fetchCursor(find, arguments: [last.due, last.tag])
        while found.count < limit, let row = try rows.next() {
            looks += 1
            last = (row[0], row[1])
            if (row[2] as String) == queue, last.tag <= lastTag { found.append(last) }
        }
        isDone = looks == 0
        let remove = try db.cachedStatement(sql: "DELETE FROM scheduled WHERE due = ? AND tag = ?")
        for (due, tag) in found { try remove.execute(arguments: [due, tag]) }
        try MessageTable.delete(found.map(\.tag), in: db)
        return found.count
    }

    private mutating func removeReady(_ limit: Int, in db: Database) throws -> Int {
        let find = try db.cachedStatement(sql: "SELECT rank, tag FROM ready WHERE queue = ? AND tag <= ? ORDER BY rank, tag LIMIT ?")
        let found = try Row.fetchAll(find, arguments: [queue, lastTag, limit]).map { (rank: $0[0] as Int, tag: $0[1] as Int64) }
        isDone = found.isEmpty
        let remove = try db.cachedStatement(sql: "DELETE FROM ready WHERE queue = ? AND rank = ? AND tag = ?")
        for (rank, tag) in found { try remove.execute(arguments: [queue, rank, tag]) }
        try MessageTable.delete(found.map(\.tag), in: db)
        return found.count
    }

    private mutating func removeLimited(_ limit: Int, in db: Database) throws -> Int {
        let find = try db.cachedStatement(sql: "SELECT task, key, rank, tag FROM limited WHERE queue = ? AND tag <= ? LIMIT ?")
        let rows = try Row.fetchAll(find, arguments: [queue, lastTag, limit])
        isDone = rows.isEmpty
        let remove = try db.cachedStatement(sql: "DELETE FROM limited WHERE task = ? AND key = ? AND rank = ? AND tag = ?")
        var lines: [String: Set<String>] = [:]
        for row in rows {
            let (task, key): (String, String) = (row[0], row[1])
            try remove.execute(arguments: [task, key, row[2] as Int, row[3] as Int64])
            lines[task, default: []].insert(key)
        }
        for (task, keys) in lines {
            for key in keys { try LimitTable.renew(LimitTable.Line(task: task, key: key), in: db) }
        }
        try MessageTable.delete(rows.map { $0[3] as Int64 }, in: db)
        return rows.count
    }
}
