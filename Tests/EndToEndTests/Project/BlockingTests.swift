import Foundation
import Testing

/// Runs the tests of a suite on threads of their own.
///
/// They wait for other processes, and would keep the few threads that all asynchronous
/// tests share from doing anything else.
struct BlockingTests: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(BlockingExecutor.shared) { try await function() }
    }
}

extension Trait where Self == BlockingTests {
    static var blocking: Self { BlockingTests() }
}

/// A few threads that may be blocked.
private final class BlockingExecutor: TaskExecutor {
    static let shared = BlockingExecutor()

    private let queue: OperationQueue = {
        let queue = OperationQueue()
        // Most of the time is spent in waiting, so more than there are processors.
        queue.maxConcurrentOperationCount = 4
        return queue
    }()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.addOperation { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
