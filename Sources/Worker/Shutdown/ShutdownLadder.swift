import CeleryCore
import Synchronization

/// How far a worker has been told to stop.
///
///     works ──▶ finishes (warm) ──▶ stops now (cold)
///       └────────────────────────────────▲
///
/// It is descended and never climbed: whatever asks for less than the present step changes nothing. Signals, remote
/// control, a pool that failed, a lost database and a worker that has done all its work descend it in the same way.
final class ShutdownLadder: Sendable {
    private struct State {
        var step: Shutdown?
        var since = ContinuousClock.now
        var failure: (any Error)?
    }

    private let state = Mutex(State())
    private let bell = Bell()
    /// Ends what the loops of the worker wait for.
    private let wake: @Sendable () -> Void

    /// - Parameter wake: called at every step.
    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    /// `nil` while the worker works.
    var step: Shutdown? { state.withLock { $0.step } }
    var hasBegun: Bool { step != nil }
    /// Why the worker cannot go on, if that is why it stops.
    var failure: (any Error)? { state.withLock { $0.failure } }
    /// When the last step was taken.
    var since: ContinuousClock.Instant { state.withLock { $0.since } }

    /// Goes down to a step.
    ///
    /// - Parameter failure: why the worker cannot go on. The first one is kept, at whatever step.
    /// - Returns: whether the worker stood higher before.
    @discardableResult
    func descend(to step: Shutdown, because failure: (any Error)? = nil) -> Bool {
        let isNews = state.withLock { state in
            state.failure = state.failure ?? failure
            guard state.step.map({ $0 < step }) ?? true else { return false }
            state.step = step
            state.since = .now
            return true
        }
        guard isNews else { return false }
        bell.ring()
        wake()
        return true
    }

    /// Notes that a broker or a store is lost for good, if this error says so: a file that is damaged, deleted or
    /// overwritten. The housekeeper then has the worker stop.
    ///
    /// - Returns: whether it is lost.
    func note(ifFatal error: any Error) -> Bool {
        guard let error = error as? DriverError, error.code == .unusable else { return false }
        state.withLock { $0.failure = $0.failure ?? error }
        bell.ring()
        return true
    }

    /// Waits, but no longer than until the next step.
    nonisolated(nonsending) func pause(_ duration: Duration) async {
        await bell.wait(since: bell.count, until: .now + duration)
    }
}
