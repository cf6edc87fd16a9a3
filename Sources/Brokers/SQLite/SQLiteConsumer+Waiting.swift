import CeleryCore
import Foundation
import GRDB
import SQLite
import Wire

extension SQLiteConsumer: WaitingKnowing {
    func waiting(upTo most: Int) async throws -> Int {
        let queues = self.queues
        let now = broker.now().seconds
        return try await broker.file.read { db in
            var count = 0
            for queue in queues where count < most {
                // Never counts a long queue to its end.
                count += try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM (SELECT 1 FROM ready WHERE queue = ? LIMIT ?)", arguments: [queue, most - count]) ?? 0
                count += try Int.fetchOne(
                    db,
                    sql: """
                        SELECT count(*) FROM (
                            SELECT 1 FROM scheduled s CROSS JOIN message m ON m.tag = s.tag
                            WHERE s.due <= ? AND m.queue = ? LIMIT ?)
                        """,
                    arguments: [now, queue, max(0, most - count)]) ?? 0
            }
            return min(count, most)
        }
    }
}

extension SQLiteConsumer: ScheduleKnowing {
    func scheduled(upTo most: Int) async throws -> [Message] {
        let queues = Set(self.queues)
        let now = broker.now().seconds
        return try await broker.file.read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT m.queue, m.headers, m.properties, m.body, s.due FROM scheduled s CROSS JOIN message m ON m.tag = s.tag
                    WHERE s.due > ? ORDER BY s.due, s.tag
                    """,
                arguments: [now])
            var messages: [Message] = []
            while messages.count < most, let row = try rows.next() {
                guard queues.contains(row[0]) else { continue }
                let encoded = EncodedMessage(
                    queue: row[0], headers: [UInt8](row[1] as Data), properties: (row[2] as Data?).map { [UInt8]($0) },
                    body: [UInt8](row[3] as Data))
                // One that cannot be read has no place among tasks.
                guard var message = try? encoded.message() else { continue }
                message.eta = Timestamp(seconds: row[4])
                messages.append(message)
            }
            return messages
        }
    }
}
