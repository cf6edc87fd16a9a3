package import CeleryCore
import CeleryDB

extension SQLiteResultStore: OutputKeeping {
    package func keep(_ outputs: [AttemptOutput]) async throws {
        guard !outputs.isEmpty else { return }
        let until = outputExpires.map { now().seconds + $0 }
        try await file.write(durable: outputs.contains(where: \.isFinal)) { db in
            for output in outputs { try OutputTable.keep(output, expires: until, in: db) }
        }
    }

    package func outputs(of id: TaskID, from attempt: Int) async throws -> [AttemptOutput] {
        let now = self.now()
        return try await file.read { try OutputTable.fetch(id, from: attempt, now: now, in: $0) }
    }
}
