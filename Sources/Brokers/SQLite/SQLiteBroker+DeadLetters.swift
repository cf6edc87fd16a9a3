package import CeleryCore
import CeleryDB
import SQLite
import Wire

extension SQLiteBroker: DeadLetterKeeping {
    package func deadLetters(
        _ filter: DeadLetterFilter, limit: Int, withContent: Bool
    ) async throws -> [DeadLetter] {
        try await file.read { db in
            try DeadLetterTable.entries(filter, limit: limit, withContent: withContent, in: db).map(\.letter)
        }
    }

    package func bury(_ message: Message, _ burial: Burial) async throws {
        let now = self.now()
        try await file.write { try DeadLetterTable.bury(message, burial, submitted: now, in: $0) }
    }

    /// One transaction replays the letters and deletes their failures stored in this file.
    package func replay(
        _ filter: DeadLetterFilter, limit: Int, to queue: String?
    ) async throws -> [DeadLetterReplay] {
        let now = self.now()
        return try await file.write(waking: true) { [self] db in
            try DeadLetterTable.entries(filter, limit: limit, withContent: true, in: db).map { entry in
                var letter = entry.letter
                letter.content = nil
                do {
                    try db.inSavepoint {
                        try replay(entry.letter, to: queue ?? letter.queue, now: now, in: db)
                        try DeadLetterTable.remove(entry.number, in: db)
                    }
                } catch let error as DriverError {
                    return DeadLetterReplay(letter, refusal: error.message)
                }
                return DeadLetterReplay(letter)
            }
        }
    }

    package func dropDeadLetters(_ filter: DeadLetterFilter, limit: Int) async throws -> [DeadLetter] {
        try await file.write { db in
            let entries = try DeadLetterTable.entries(filter, limit: limit, withContent: false, in: db)
            for entry in entries { try DeadLetterTable.remove(entry.number, in: db) }
            return entries.map(\.letter)
        }
    }

    package func replayClears(_ store: any ResultStore) -> Bool { (store as? any SQLiteFileHolding)?.file === file }

    private func replay(_ letter: DeadLetter, to queue: String, now: Timestamp, in db: Database) throws {
        guard let content = letter.content else { return }
        if let refusal = content.message?.refusalOfReplay(now: now) { throw DriverError(.refused, refusal) }
        // Later steps of its chain failed with it.
        let ids = [letter.key] + (content.message.map(Canvas.heirs(of:)) ?? []).map(\.text)
        for id in ids {
            try db.execute(sql: "DELETE FROM result WHERE id = ? AND state = 'FAILURE'", arguments: [id])
        }
        if let message = content.message {
            try MessageTable.insert(message.revived(in: queue).counting(attempts: letter.burial.attempts), submitted: now, ranking: ranking, in: db)
        } else {
            // Unreadable here; a worker that can read it may run it.
            let encoded = EncodedMessage(
                queue: queue, headers: content.headers, properties: content.properties.isEmpty ? nil : content.properties,
                body: content.body)
            try MessageTable.insert(
                encoded, id: letter.key, task: letter.task ?? "", submitted: now, attempt: letter.burial.attempts, in: db)
        }
    }
}
