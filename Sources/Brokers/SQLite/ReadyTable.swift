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
    }

    private struct Place {
        var queue: String
        var rank: Int
        var tag: Int64
        var attempt: Int
    }

    /// Leases up to `maximum` messages to a worker, highest priority first, then oldest.
    static func take(
        _ maximum: Int, from queues: [String], worker: Int64, now: Timestamp, in db: Database
    ) throws -> [Taken] {
        let places = try first(maximum, of: queues, in: db)
        let remove = try db.cachedStatement(sql: "DELETE FROM ready WHERE queue = ? AND rank = ? AND tag = ?")
        let lease = try db.cachedStatement(sql: "INSERT INTO lease (tag, worker, attempt, since) VALUES (?, ?, ?, ?)")
        let select = try db.cachedStatement(sql: "SELECT id, queue, headers, properties, body FROM message WHERE tag = ?")
        var taken: [Taken] = []
        taken.reserveCapacity(places.count)
        for place in places {
            remove.setUncheckedArguments([place.queue, place.rank, place.tag])
            try remove.execute()
            let attempt = place.attempt + 1
            lease.setUncheckedArguments([place.tag, worker, attempt, now.seconds])
            try lease.execute()
            let rows = try Row.fetchCursor(select, arguments: [place.tag])
            guard let row = try rows.next() else { continue }
            taken.append(
                Taken(
                    id: row[0], handle: DeliveryHandle(tag: place.tag, attempt: attempt),
                    encoded: try EncodedMessage(row: row)))
        }
        return taken
    }

    /// The first of each queue, in one line. Each queue is read in the order of its
    /// index; a query over several would sort all that waits.
    private static func first(_ maximum: Int, of queues: [String], in db: Database) throws -> [Place] {
        let statement = try db.cachedStatement(sql: """
            SELECT queue, rank, tag, attempt FROM ready WHERE queue = ? ORDER BY rank, tag LIMIT ?
            """)
        var places: [Place] = []
        for queue in queues {
            let rows = try Row.fetchCursor(statement, arguments: [queue, maximum])
            while let row = try rows.next() {
                places.append(Place(queue: row[0], rank: row[1], tag: row[2], attempt: row[3]))
            }
        }
        if queues.count > 1 {
            places.sort { ($0.rank, $0.tag) < ($1.rank, $1.tag) }
        }
        return Array(places.prefix(maximum))
    }
}

extension EncodedMessage {
    /// From columns 1 to 4: queue, headers, properties, body.
    fileprivate init(row: Row) throws {
        func bytes(_ index: Int) throws -> [UInt8]? {
            try row.withUnsafeData(atIndex: index) { data in data.map { [UInt8]($0) } }
        }
        self.init(queue: row[1], headers: try bytes(2) ?? [], properties: try bytes(3), body: try bytes(4) ?? [])
    }
}
