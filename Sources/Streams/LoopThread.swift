import CeleryCore
package import Processes
import Synchronization

/// A thread that owns a connection: its first job starts it, and it is asked to end when nobody holds this object any more.
package final class LoopThread<Job: Sendable>: Sendable {
    private let run: @Sendable (LoopCore<Job>) -> Void
    private let core = Mutex<LoopCore<Job>?>(nil)

    /// - Parameter run: The main loop, which returns when the thread is to end. Holds nothing that holds this object.
    package init(_ run: @escaping @Sendable (LoopCore<Job>) -> Void) { self.run = run }

    deinit { core.withLock { $0?.beginClosing() } }

    /// Gives the thread a job. Returns at once; jobs are done in the order of the calls.
    ///
    /// - Returns: Whether the thread will see the job; `false` when it is about to end.
    package func add(_ job: Job) throws(SystemError) -> Bool {
        let (core, isNew) = try core.withLock { (core) throws(SystemError) in
            if let core { return (core, false) }
            let made = try LoopCore<Job>()
            core = made
            return (made, true)
        }
        if isNew {
            WorkThread.start { [run] in
                run(core)
                core.ended.set(())
            }
        }
        return core.add(job)
    }

    /// Gives the thread a job if it has been started.
    package func addIfStarted(_ job: Job) { _ = core.withLock { $0 }?.add(job) }

    /// Gives the thread a job and waits for its end.
    ///
    /// - Parameter job: Makes the job of what is to be called once, with its result.
    /// - Throws: The error of the job; `unreachable` when there can be no thread, `lost` when it is about to end.
    package func perform<Value: Sendable, Failure: ConnectionFailure>(
        _ job: (@escaping @Sendable (Result<Value, Failure>) -> Void) -> Job
    ) async throws(Failure) -> Value {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, Failure>, Never>) in
            do {
                if !(try add(job { continuation.resume(returning: $0) })) { continuation.resume(returning: .failure(.closed)) }
            } catch {
                continuation.resume(returning: .failure(.unreachable("\(error)")))
            }
        }
        return try result.get()
    }

    /// Asks the thread to end, once all is answered, and waits until it has.
    package func close() async { await core.withLock { $0 }?.close() }

    /// Ends the connection without a word, as the death of the process would, and waits for the end of the thread.
    package func abort() async {
        guard let core = core.withLock({ $0 }) else { return }
        core.beginClosing()
        core.cut()
        await core.ended.value()
    }
}
