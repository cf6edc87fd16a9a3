import Synchronization

/// How far something is that takes long: a line on a terminal, which is gone when it is done.
///
/// Shown on stderr, and only if that is a terminal on which results do not scroll by.
final class ProgressLine: Sendable {
    private struct State {
        var count = 0
        var drawn = ContinuousClock.now
        var hasDrawn = false
    }

    private let output: Output
    private let words: String
    private let isShown: Bool
    private let state = Mutex(State())

    private static let interval: Duration = .milliseconds(100)

    /// - Parameter words: What comes before the number, such as `purge: erased`.
    init(output: Output, _ words: String) {
        self.output = output
        self.words = words
        isShown = output.errorIsTerminal && !output.isTerminal && !output.isQuiet
    }

    /// Counts more.
    func add(_ count: Int) { show(state.withLock { $0.count } + count) }

    /// Draws the number, ten times a second at most.
    func show(_ count: Int) {
        let isDue = state.withLock { state in
            state.count = count
            guard isShown, ContinuousClock.now - state.drawn >= Self.interval else { return false }
            state.drawn = .now
            state.hasDrawn = true
            return true
        }
        if isDue { output.passOn("\rcelery \(words) \(count)\u{1B}[K") }
    }

    /// Takes the line away, so that something else can be printed.
    func clear() {
        let hasDrawn = state.withLock { state in
            defer { state.hasDrawn = false }
            return state.hasDrawn
        }
        if hasDrawn { output.passOn("\r\u{1B}[K") }
    }
}
