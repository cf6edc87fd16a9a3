import Arguments

/// How many messages to send at a time, and when, for commands that send many that exist already.
struct SendingPace {
    /// Messages per second; `nil` means without a limit.
    private let rate: Double?
    /// Messages to send at a time.
    let batch: Int
    private var next = ContinuousClock.now

    /// - Parameter batch: Messages at a time without a rate.
    init(_ rate: Double?, batch: Int) {
        self.rate = rate
        self.batch = rate.map { max(1, min(Int($0 * 0.25), batch)) } ?? batch
    }

    /// Waits until the next `count` messages may be sent.
    mutating func wait(for count: Int) async throws {
        guard let rate else { return }
        try await Task.sleep(until: next)
        next = max(next, .now - .seconds(1)) + .seconds(Double(count) / rate)
    }
}

extension ValueParser where Value == Double {
    /// A rate such as `10/s`, `100/m`, `5/h`, as a number per second.
    static var rate: Self {
        Self { (text) throws(InvalidValue) in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            let seconds: Double? = switch parts.last {
            case "s": 1
            case "m": 60
            case "h": 3_600
            default: nil
            }
            guard parts.count == 2, let count = Double(parts[0]), count > 0, count.isFinite, let seconds else {
                throw InvalidValue("is not a rate", advice: "write 10/s, 100/m or 5/h")
            }
            return count / seconds
        }
    }
}
