import CeleryCore

/// Bounded exponential backoff with jitter.
struct Backoff {
    /// The longest delay.
    static let longest: Duration = .seconds(5)

    private var exponent = 0

    /// The next delay: 0.1 s, doubling up to 5 s, half of it random.
    mutating func next() -> Duration {
        let full = min(Self.longest.inSeconds, 0.1 * Double(1 << min(exponent, 10)))
        exponent += 1
        return .seconds(full / 2 + Double.random(in: 0...full / 2))
    }

    mutating func reset() { exponent = 0 }
}
