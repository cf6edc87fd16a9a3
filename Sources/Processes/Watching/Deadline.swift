/// A common deadline for a series of waits, so that an interrupted wait does not start over.
package struct Deadline: Sendable {
    private let instant: ContinuousClock.Instant?

    /// - Parameter timeout: Time from now; `nil` never passes.
    package init(after timeout: Duration?) {
        instant = timeout.map { ContinuousClock.now + $0 }
    }

    /// Time left, never negative; `nil` for no limit.
    package var remaining: Duration? {
        instant.map { max(.zero, ContinuousClock.now.duration(to: $0)) }
    }

    /// Whether the time is up.
    package var hasPassed: Bool { remaining == .zero }

    /// Time left for `poll` and `epoll_wait`: milliseconds rounded up, -1 for no limit.
    package var pollMilliseconds: Int32 {
        guard let remaining else { return -1 }
        let (seconds, attoseconds) = remaining.components
        guard seconds < 1_000_000 else { return 1_000_000_000 }
        return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
