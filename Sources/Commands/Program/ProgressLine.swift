import Synchronization

/// The progress of a long operation in one terminal line, erased at the end.
///
/// Shown only if stderr is a terminal and stdout is not, so that results do not interfere.
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

    /// - Parameter words: the text before the number, such as `purge: erased`.
    init(output: Output, _ words: String) {
        self.output = output
        self.words = words
        isShown = output.errorIsTerminal && !output.isTerminal && !output.isQuiet
    }

    /// Adds to the number.
    func add(_ count: Int) { show(state.withLock { $0.count } + count) }

    /// Draws the number, at most ten times a second.
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

    /// Erases the line, so that something else can be printed.
    func clear() {
        let hasDrawn = state.withLock { state in
            defer { state.hasDrawn = false }
            return state.hasDrawn
        }
        if hasDrawn { output.passOn("\r\u{1B}[K") }
    }
}
