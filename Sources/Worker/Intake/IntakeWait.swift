import CeleryCore
import Synchronization

/// The wait of a worker for messages, and everything that ends it.
///
/// Read the count, look for work, then wait since that count: whatever asks for another look in between is not missed.
final class IntakeWait: Sendable {
    private struct State {
        var count: UInt64 = 0
        var wait: Task<Void, any Error>?
    }

    private let state = Mutex(State())

    /// How often another look was asked for.
    var count: UInt64 { state.withLock { $0.count } }

    /// Has the worker look for work once more.
    func end() {
        let wait = state.withLock { state in
            state.count += 1
            return state.wait.take()
        }
        wait?.cancel()
    }

    /// Waits until the broker may have something, another look was asked for since `seen`, or the deadline passes.
    ///
    /// An error of the broker ends the wait as well: the next look meets it again.
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
