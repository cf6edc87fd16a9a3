/// Pauses between connection attempts: they grow, with jitter, so that a fleet does not reconnect all at once.
struct ReconnectPauses {
    private var count = 0
    static let longest = 4.0

    /// From 0.1 s, doubled up to 4 s; half of each pause is random.
    mutating func next() -> Duration {
        let full = min(Self.longest, 0.1 * Double(1 << min(count, 10)))
        count += 1
        return .seconds(full / 2 + Double.random(in: 0...full / 2))
    }

    mutating func reset() { count = 0 }
}
