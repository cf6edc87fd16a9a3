import Synchronization

/// A value that is set once, and that anybody may wait for.
package final class SetOnce<Value: Sendable>: Sendable {
    private enum State {
        case waiting([CheckedContinuation<Value, Never>])
        case set(Value)
    }

    private let state = Mutex(State.waiting([]))

    package init() {}

    package var isSet: Bool { state.withLock { state in if case .set = state { true } else { false } } }

    /// Sets the value, and wakes everybody who waits for it; later calls change nothing.
    ///
    /// - Returns: whether this was the first call.
    @discardableResult
    package func set(_ value: Value) -> Bool {
        let waiters = state.withLock { state -> [CheckedContinuation<Value, Never>]? in
            guard case .waiting(let waiters) = state else { return nil }
            state = .set(value)
            return waiters
        }
        for waiter in waiters ?? [] { waiter.resume(returning: value) }
        return waiters != nil
    }

    /// The value, once it is set. Waits also when the task is cancelled: whoever sets the value must do so in any case.
    package func value() async -> Value {
        await withCheckedContinuation { continuation in
            let value = state.withLock { state -> Value? in
                switch state {
                case .set(let value): return value
                case .waiting(let waiters):
                    state = .waiting(waiters + [continuation])
                    return nil
                }
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}
