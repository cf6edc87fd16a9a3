package import CeleryCore
import CeleryDB
import SQLite
import Wire

extension SQLiteBroker: MessageShowing {
    package func standing(of id: TaskID) async throws -> MessageStanding? {
        try await file.read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT m.queue, m.headers, m.properties, m.body, m.crashes, m.rank, m.tag, r.tag,
                        coalesce(
                            r.attempt, l.attempt, (SELECT attempt FROM scheduled WHERE tag = m.tag),
                            (SELECT attempt FROM limited WHERE task = m.task AND tag = m.tag), 0)
                    FROM message m
                    LEFT JOIN ready r ON r.queue = m.queue AND r.rank = m.rank AND r.tag = m.tag
                    LEFT JOIN lease l ON l.tag = m.tag
                    WHERE m.id = ?
                    """,
                arguments: [id.text])
            guard let row else { return nil }
            let queue: String = row[0]
            var ahead: Int?
            if (row[7] as Int64?) != nil {
                ahead = try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM ready WHERE queue = ? AND (rank, tag) < (?, ?)",
                    arguments: [queue, row[5] as Int, row[6] as Int64])
            }
            return MessageStanding(
                message: try? EncodedMessage(row: row, from: 1, queue: queue).message(), ahead: ahead, attempts: row[8],
                crashes: row[4])
        }
    }
}
