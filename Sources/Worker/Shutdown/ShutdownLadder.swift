import CeleryCore
import Synchronization

/// The progress of a worker's shutdown.
///
///     works ──▶ finishes (warm) ──▶ stops now (cold)
///       └────────────────────────────────▲
///
/// The ladder is never climbed: a request for a milder step than the current one changes nothing. Signals, remote control,
/// a failed pool, a lost database and the end of all work descend the ladder in the same way. What the worker does at each step
/// is in `Shift.heed`; `WorkerSession.follow` maps signals to steps.
final class ShutdownLadder: Sendable {
    private struct State {
        var step: Shutdown?
        var since = ContinuousClock.now
        var failure: (any Error)?
    }

    private let state = Mutex(State())
    private let bell = Bell()
    /// Wakes the waiting loops of the worker.
    private let wake: @Sendable () -> Void

    /// - Parameter wake: Called at every step.
    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    /// The current step; `nil` while the worker works.
    var step: Shutdown? { state.withLock { $0.step } }
    var hasBegun: Bool { step != nil }
    /// Why the worker cannot go on; `nil` when it stops for another reason or works.
    var failure: (any Error)? { state.withLock { $0.failure } }
    /// The time of the last step.
    var since: ContinuousClock.Instant { state.withLock { $0.since } }

    /// Descends to a step.
    ///
    /// - Parameter failure: Why the worker cannot go on. The first failure is kept, regardless of the step.
    /// - Returns: Whether the step changed.
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

    /// Records an error that means that a broker or store is lost for good: a file that is damaged, deleted or overwritten.
    /// The housekeeper then stops the worker.
    ///
    /// - Returns: Whether the error is fatal.
    func note(ifFatal error: any Error) -> Bool {
        guard let error = error as? DriverError, error.code == .unusable else { return false }
        state.withLock { $0.failure = $0.failure ?? error }
        bell.ring()
        return true
    }

    /// Waits for the duration or until the next step or fatal error.
    nonisolated(nonsending) func pause(_ duration: Duration) async {
        await bell.wait(since: bell.count, until: .now + duration)
    }
}
