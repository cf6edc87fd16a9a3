import Synchronization

/// A logical clock: an event sent later, or caused by another event, has a greater number.
///
/// L. Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System" (1978).
package final class LamportClock: Sendable {
    private let value = Mutex<Int64>(0)

    /// Beyond any clock that counts correctly.
    private static let latest: Int64 = 1 << 53

    package init() {}

    /// The number for the next event.
    package func tick() -> Int64 {
        value.withLock { value in
            value = min(value + 1, Self.latest)
            return value
        }
    }

    /// Advances past the clock of a received event.
    package func observe(_ other: Int64) {
        value.withLock { value in value = min(max(value, other) + 1, Self.latest) }
    }

    /// The number of the last event.
    package var now: Int64 { value.withLock { $0 } }
}
