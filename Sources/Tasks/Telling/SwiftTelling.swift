package import CeleryCore
import Synchronization

/// Passes on what a Swift task says about itself, a few times a second at most.
package final class SwiftTelling: Sendable {
    private struct State {
        var story = TaskStory()
        /// Whether a later report is on its way.
        var isDelayed = false
        var isOver = false
    }

    private let state = Mutex(State())
    private let pass: @Sendable (JSONObject) -> Void

    /// - Parameter pass: Receives progress and notes.
    package init(_ pass: @escaping @Sendable (JSONObject) -> Void) { self.pass = pass }

    /// What the task noted about itself.
    package var meta: JSONObject { state.withLock { $0.story.meta } }

    /// Takes what the task says. Does not block.
    package func add(_ telling: TaskTelling) {
        state.withLock { $0.story.add(telling) }
        report()
    }

    /// Notes that the task has ended: nothing more is passed on.
    package func end() { state.withLock { $0.isOver = true } }

    private func report() {
        let later = state.withLock { state -> ContinuousClock.Instant? in
            guard !state.isOver else { return nil }
            // While the lock is held, so that no report overtakes another or the end.
            if let news = state.story.report() { pass(news) }
            guard let next = state.story.nextReport, !state.isDelayed else { return nil }
            state.isDelayed = true
            return next
        }
        guard let later else { return }
        Task {
            try? await Task.sleep(until: later)
            state.withLock { $0.isDelayed = false }
            report()
        }
    }
}
