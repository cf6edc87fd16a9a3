import CeleryCore
import CeleryDB

extension SQLiteConsumer: Postponing {
    func postpone(_ deliveries: [Postponement]) async throws -> [Bool] {
        guard !deliveries.isEmpty else { return [] }
        let now = broker.now()
        return try await broker.file.write(waking: true) { [number] db in
            try PrerequisiteTable.postpone(deliveries, of: number, now: now, in: db)
        }
    }
}
