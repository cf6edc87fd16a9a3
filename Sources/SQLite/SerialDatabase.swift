import Dispatch

/// Owns an open file: an actor on a serial dispatch queue, so that waiting for the disk or a lock blocks no thread of the
/// cooperative pool.
package actor SerialDatabase {
    private let db: Database
    private let executor: SerialQueueExecutor

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens a file, and creates an empty one where no file exists. Blocks.
    ///
    /// - Parameters:
    ///   - patience: How long each statement waits for the locks of other connections.
    ///   - mode: What the connection may do.
    ///   - prepare: Configures the connection before its first use.
    package init(
        path: String, patience: Duration = .seconds(10), mode: OpenMode = .writing, prepare: (Database) throws -> Void = { _ in }
    ) throws {
        executor = SerialQueueExecutor(label: "celery.db")
        db = try Database(path: path, patience: patience, mode: mode)
        try db.perform(prepare)
    }

    /// Runs a body that begins and ends its own transactions. Cancelling the task does not interrupt it.
    package func perform<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) throws -> Value {
        try db.perform(body)
    }

    /// Runs a transaction that cannot write.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before the transaction ends.
    package func read<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) async throws -> Value {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try db.inReading(cancellation) { try body(db) }
        } onCancel: {
            cancellation.request()
        }
    }

    /// Runs a body like `perform`, for synchronous callers. Blocks.
    package nonisolated func performAndWait<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) throws -> Value {
        try executor.queue.sync {
            try assumeIsolated { owner in try owner.db.perform(body) }
        }
    }

    /// Closes the file after the calls that came before. Later calls throw `SQLITE_MISUSE`. Blocks.
    package nonisolated func close() {
        executor.queue.sync {
            assumeIsolated { $0.db.close() }
        }
    }
}

/// Runs the jobs of an actor on a dispatch queue.
private final class SerialQueueExecutor: SerialExecutor {
    let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
