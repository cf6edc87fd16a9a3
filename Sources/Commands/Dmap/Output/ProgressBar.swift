/// How far a dmap is.
struct DmapProgress: Sendable, Equatable {
    var done = 0
    var failed = 0
    /// The number of all items, as far as it is known.
    var total: Int?
    /// Items that finished per second, lately.
    var rate = 0.0
}

/// The progress of a dmap in one terminal line.
struct ProgressBar: Sendable {
    private let output: Output
    private let isShown: Bool
    private var drawn = ContinuousClock.now - .seconds(1)
    private var hasDrawn = false

    private static let width = 30
    private static let interval: Duration = .milliseconds(100)

    /// - Parameter wish: whether to show the bar; `nil` shows it on a terminal.
    init(output: Output, wish: Bool?) {
        self.output = output
        isShown = wish ?? (output.errorIsTerminal && !output.isQuiet)
    }

    /// Draws the bar, at most ten times a second, and when all is done.
    mutating func update(_ progress: DmapProgress) {
        guard isShown, progress.done > 0 || progress.total ?? 1 > 0 else { return }
        guard progress.done == progress.total || ContinuousClock.now - drawn >= Self.interval else { return }
        drawn = .now
        hasDrawn = true
        output.passOn("\r" + Self.text(progress) + "\u{1B}[K")
    }

    static func text(_ progress: DmapProgress) -> String {
        var text: String
        if let total = progress.total, total > 0 {
            let filled = min(progress.done, total) * width / total
            text = "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "] \(progress.done)/\(total)"
        } else {
            text = "\(progress.done) done"
        }
        if progress.rate > 0 { text += ", \(rateText(progress.rate))/s" }
        if progress.failed > 0 { text += ", \(progress.failed) failed" }
        if let total = progress.total, progress.rate > 0, progress.done < total {
            text += ", \(timeText(Double(total - progress.done) / progress.rate)) left"
        }
        return text
    }

    private static func rateText(_ rate: Double) -> String {
        if rate >= 10 { return String(Int(rate.rounded())) }
        let tenths = Int((rate * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func timeText(_ seconds: Double) -> String {
        let seconds = Int(min(seconds, 1e9)) + 1
        switch seconds {
        case ..<100: return "\(seconds)s"
        case ..<6_000: return "\((seconds + 59) / 60)m"
        default: return "\((seconds + 3_599) / 3_600)h"
        }
    }

    /// Erases the bar, so that something else can be printed.
    mutating func clear() {
        guard hasDrawn else { return }
        hasDrawn = false
        output.passOn("\r\u{1B}[K")
    }
}
