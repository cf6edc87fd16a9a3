import CeleryCore
import Synchronization

/// A worker's wait for messages, which other parts of the worker can end.
///
/// To miss no call of `end()`: read `count`, look for work, then wait since that count.
final class IntakeWait: Sendable {
    private struct State {
        var count: UInt64 = 0
        var wait: Task<Void, any Error>?
    }

    private let state = Mutex(State())

    /// The number of calls of `end()`.
    var count: UInt64 { state.withLock { $0.count } }

    /// Ends the wait, so that the worker looks for work again.
    func end() {
        let wait = state.withLock { state in
            state.count += 1
            return state.wait.take()
        }
        wait?.cancel()
    }

    /// Waits until the broker may have messages, `end()` has been called since the count was `seen`, or the deadline passes.
    ///
    /// A broker error also ends the wait; the next attempt to take messages reports it.
    nonisolated(nonsending) func wait(
        since seen: UInt64, for consumer: any BrokerConsumer, until deadline: ContinuousClock.Instant?
    ) async {
        let wait = Task { try await consumer.waitForWork(until: deadline) }
        let isWanted = state.withLock { state in
            guard state.count == seen else { return false }
            state.wait = wait
            return true
        }
        if !isWanted { wait.cancel() }
        _ = try? await wait.value
        state.withLock { $0.wait = nil }
    }
}
