import CeleryCore
import Foundation
import GRDB
import Wire

/// Taking from the `ready` table: the first few in order of rank and age.
enum ReadyTable {
    /// A message as it was taken.
    struct Taken: Sendable {
        var id: String
        var handle: DeliveryHandle
        var encoded: EncodedMessage
        var rank: Int
    }

    /// Leases up to `maximum` messages to a worker, highest priority first, then oldest.
    ///
    /// Three statements for each queue, however many messages they take.
    static func take(
        _ maximum: Int, from queues: [String], worker: Int64, now: Timestamp, in db: Database
    ) throws -> [Taken] {
        var taken: [Taken] = []
        for (queue, count) in try shares(of: maximum, among: queues, in: db) where count > 0 {
            let messages = try first(count, of: queue, in: db)
            guard let last = messages.last else { continue }
            let lease = try db.cachedStatement(sql: """
                INSERT INTO lease (tag, worker, attempt, since)
                SELECT tag, ?, attempt + 1, ? FROM ready WHERE queue = ? AND (rank, tag) <= (?, ?)
                """)
            lease.setUncheckedArguments([worker, now.seconds, queue, last.rank, last.handle.tag])
            try lease.execute()
            let remove = try db.cachedStatement(sql: "DELETE FROM ready WHERE queue = ? AND (rank, tag) <= (?, ?)")
            remove.setUncheckedArguments([queue, last.rank, last.handle.tag])
            try remove.execute()
            taken += messages
        }
        if queues.count > 1 { taken.sort { ($0.rank, $0.handle.tag) < ($1.rank, $1.handle.tag) } }
        return taken
    }

    private static func first(_ count: Int, of queue: String, in db: Database) throws -> [Taken] {
        let statement = try db.cachedStatement(sql: """
            SELECT m.id, m.queue, m.headers, m.properties, m.body, r.rank, r.tag, r.attempt
            FROM ready r CROSS JOIN message m ON m.tag = r.tag
            WHERE r.queue = ? ORDER BY r.rank, r.tag LIMIT ?
            """)
        var messages: [Taken] = []
        messages.reserveCapacity(count)
        let rows = try Row.fetchCursor(statement, arguments: [queue, count])
        while let row = try rows.next() {
            let handle = DeliveryHandle(tag: row[6], attempt: row[7] + 1)
            messages.append(Taken(id: row[0], handle: handle, encoded: try EncodedMessage(row: row), rank: row[5]))
        }
        return messages
    }

    /// How many of the first `maximum` messages of all queues stand in each queue.
    ///
    /// Each queue is read in the order of its index; a query over several would sort all that waits.
    private static func shares(of maximum: Int, among queues: [String], in db: Database) throws -> [(String, Int)] {
        if queues.count == 1 { return [(queues[0], maximum)] }
        let statement = try db.cachedStatement(sql: "SELECT rank, tag FROM ready WHERE queue = ? ORDER BY rank, tag LIMIT ?")
        var places: [(rank: Int, tag: Int64, queue: Int)] = []
        for (index, queue) in queues.enumerated() {
            let rows = try Row.fetchCursor(statement, arguments: [queue, maximum])
            while let row = try rows.next() { places.append((row[0], row[1], index)) }
        }
        places.sort { ($0.rank, $0.tag) < ($1.rank, $1.tag) }
        var shares = queues.map { ($0, 0) }
        for place in places.prefix(maximum) { shares[place.queue].1 += 1 }
        return shares
    }
}

extension EncodedMessage {
    /// From columns 1 to 4: queue, headers, properties, body.
    init(row: Row) throws {
        func bytes(_ index: Int) throws -> [UInt8]? {
            try row.withUnsafeData(atIndex: index) { data in data.map { [UInt8]($0) } }
        }
        self.init(queue: row[1], headers: try bytes(2) ?? [], properties: try bytes(3), body: try bytes(4) ?? [])
    }
}
