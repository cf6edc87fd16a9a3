import Synchronization

/// Wakes all waiters within one process.
///
/// Read the count, look, then wait for the count to pass: no ring in between is missed.
package final class Bell: Sendable {
    private struct State {
        var count: UInt64 = 0
        var next: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package var count: UInt64 { state.withLock { $0.count } }

    package func ring() {
        let waiters = state.withLock { state in
            state.count += 1
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until the bell has rung since `seen`, the deadline passes, or the task is cancelled.
    package func wait(since seen: UInt64, until deadline: ContinuousClock.Instant?) async {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let alarm = deadline.map { AlarmClock.shared.set(at: $0) { self.resume(number) } }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    guard state.count <= seen, !Task.isCancelled, deadline.map({ $0 > .now }) ?? true else { return false }
                    state.waiters[number] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            resume(number)
        }
        if let alarm { AlarmClock.shared.cancel(alarm) }
    }

    private func resume(_ number: UInt64) {
        state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
}
