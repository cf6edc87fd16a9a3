import CeleryCore
import CeleryDB
import SQLite
import Synchronization

extension SQLiteConsumer: QueueSwitching {
    var consumedQueues: [String] { queues }

    /// Stores the queues for worker listings, and wakes this worker: a new queue may have messages.
    func consume(from queues: [String]) async throws {
        let queues = queues.distinct
        try await broker.file.write(waking: true) { [number] db in
            try db.execute(sql: "UPDATE worker SET queues = ? WHERE number = ?", arguments: [WorkerTable.text(queues), number])
        }
        selected.withLock { $0 = queues }
        broker.file.wake()
    }

    /// A queue needs no definition: it exists through its messages.
    func define(_ queue: QueueDefinition) {}
}
