import CeleryCore
import CeleryDB
import SQLite
import Synchronization

extension SQLiteConsumer: QueueSwitching {
    var consumedQueues: [String] { queues }

    /// Written down for those who list workers, and waking this one: a queue it takes from now may hold something.
    func consume(from queues: [String]) async throws {
        let queues = queues.distinct
        try await broker.file.write(waking: true) { [number] db in
            try db.execute(sql: "UPDATE worker SET queues = ? WHERE number = ?", arguments: [WorkerTable.text(queues), number])
        }
        selected.withLock { $0 = queues }
        broker.file.wake()
    }

    /// A queue is what its messages say.
    func define(_ queue: QueueDefinition) {}
}
