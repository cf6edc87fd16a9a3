import CeleryCore
import Synchronization

/// How often those who wait look into a store that tells nobody of its changes: a fiftieth of a second after they have begun, and
/// ever more seldom, up to twice a second. What is stored from here wakes them at once.
final class PollPace: Sendable {
    private struct State {
        var began: ContinuousClock.Instant
        var lastWait: ContinuousClock.Instant
    }

    private let bell = Bell()
    private let state = Mutex(State(began: .now, lastWait: .now))

    private static let shortest: Duration = .milliseconds(20)
    private static let longest: Duration = .milliseconds(500)

    /// Counts what is stored from here.
    var count: UInt64 { bell.count }

    /// Something was stored from here.
    func changed() { bell.ring() }

    /// Waits until it is time to look, something has been stored from here since `seen`, or the deadline passes.
    func wait(since seen: UInt64, until deadline: ContinuousClock.Instant?) async {
        let look = ContinuousClock.now + pause(at: .now)
        await bell.wait(since: seen, until: deadline.map { min($0, look) } ?? look)
    }

    /// How long to wait before the next look: a tenth of the time that was waited so far.
    func pause(at now: ContinuousClock.Instant) -> Duration {
        state.withLock { state in
            // Who begins to wait is in a hurry, whoever has waited before.
            if state.lastWait + .seconds(2) < now { state.began = now }
            state.lastWait = now
            return min(Self.longest, max(Self.shortest, (now - state.began) / 10))
        }
    }

    /// Wakes all who wait.
    func close() { bell.ring() }
}
