import Dispatch

/// The owner of an open file: an actor on a serial queue, so that waiting for a disk or a lock blocks none of the
/// threads that all tasks share.
package actor SerialDatabase {
    private let db: Database
    private let executor: SerialQueueExecutor

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens a file, making an empty one when there is none. Blocks.
    ///
    /// - Parameters:
    ///   - patience: How long to wait for the locks of others.
    ///   - prepare: Runs before everything else.
    package init(
        path: String, patience: Duration = .seconds(10), prepare: (Database) throws -> Void = { _ in }
    ) throws {
        executor = SerialQueueExecutor(label: "celery.db")
        db = try Database(path: path, patience: patience)
        try db.perform(prepare)
    }

    /// Runs something that begins and ends its own transactions. Nothing cancels it.
    package func perform<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) throws -> Value {
        try db.perform(body)
    }

    /// Runs a reading transaction, in which nothing can be written.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before its end.
    package func read<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) async throws -> Value {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try db.inReading(cancellation) { try body(db) }
        } onCancel: {
            cancellation.request()
        }
    }

    /// Like `perform`, for callers that are no tasks. Blocks.
    package nonisolated func performAndWait<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) throws -> Value {
        try executor.queue.sync {
            try assumeIsolated { owner in try owner.db.perform(body) }
        }
    }

    /// Closes the file when what runs now has ended. Whatever is tried afterwards throws `SQLITE_MISUSE`. Blocks.
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
