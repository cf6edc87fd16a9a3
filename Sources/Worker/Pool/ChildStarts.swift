import CeleryCore

/// Decides what follows when children of the pool die before they are ready.
///
/// A new pool starts the next child at once, and fails at the fifth such death in a row. A pool that has worked assumes that the fault
/// will pass, and waits longer after each death. If no child has been ready for five minutes, it fails too, so that other workers can
/// run its messages.
struct ChildStarts {
    /// Whether a child has been ready.
    private(set) var hasWorked = false
    /// Number of consecutive children that died before they were ready.
    private var failures = 0
    /// When the first of them died.
    private var failingSince: ContinuousClock.Instant?
    private var pauses = Backoff(first: .seconds(1), longest: .seconds(30))

    private static let mostFailures = 5
    private static let patience: Duration = .seconds(300)

    enum Next: Equatable {
        case startNow, startLater, fail
    }

    mutating func wasReady() {
        hasWorked = true
        failures = 0
        failingSince = nil
        pauses.reset()
    }

    /// Counts a death.
    ///
    /// - Parameter hasOthers: Whether other children are ready.
    mutating func diedEarly(hasOthers: Bool, now: ContinuousClock.Instant = .now) -> Next {
        failures += 1
        let since = failingSince ?? now
        failingSince = since
        guard hasWorked else { return failures >= Self.mostFailures ? .fail : .startNow }
        return !hasOthers && since + Self.patience <= now ? .fail : .startLater
    }

    /// How long to wait before the next children are started.
    mutating func pause() -> Duration { pauses.next() }
}
