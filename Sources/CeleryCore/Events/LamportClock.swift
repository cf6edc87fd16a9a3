import Synchronization

/// A logical clock: what is told later, or because of something that was told, has a greater number.
///
/// L. Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System" (1978).
package final class LamportClock: Sendable {
    private let value = Mutex<Int64>(0)

    /// Later than any clock that counts honestly.
    private static let latest: Int64 = 1 << 53

    package init() {}

    /// The number for the next thing that is told.
    package func tick() -> Int64 {
        value.withLock { value in
            value = min(value + 1, Self.latest)
            return value
        }
    }

    /// Moves past what another has told.
    package func observe(_ other: Int64) {
        value.withLock { value in value = min(max(value, other) + 1, Self.latest) }
    }

    /// The number of what was told last.
    package var now: Int64 { value.withLock { $0 } }
}
