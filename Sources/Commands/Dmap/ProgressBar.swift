import Glibc

/// The progress of a dmap in one terminal line.
struct ProgressBar {
    private let output: Output
    private let isShown: Bool
    private let started = ContinuousClock.now
    private var drawn = ContinuousClock.now - .seconds(1)
    private var hasDrawn = false

    private static let width = 30
    private static let interval: Duration = .milliseconds(100)

    /// - Parameter wish: whether to show the bar; `nil` shows it on a terminal.
    init(output: Output, wish: Bool?) {
        self.output = output
        isShown = wish ?? (output.errorIsTerminal && !output.isQuiet)
    }

    /// Draws the bar, at most ten times a second.
    mutating func update(done: Int, failed: Int, total: Int) {
        guard isShown, total > 0, done == total || ContinuousClock.now - drawn >= Self.interval else { return }
        drawn = .now
        hasDrawn = true
        let filled = done * Self.width / total
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        var text = "\r[\(bar)] \(done)/\(total)"
        if failed > 0 { text += ", \(failed) failed" }
        if done > 0 && done < total { text += ", \(Int(seconds / Double(done) * Double(total - done)) + 1)s left" }
        output.passOn(text + "\u{1B}[K")
    }

    /// Erases the bar, so that something else can be printed.
    mutating func clear() {
        guard hasDrawn else { return }
        hasDrawn = false
        output.passOn("\r\u{1B}[K")
    }
}
