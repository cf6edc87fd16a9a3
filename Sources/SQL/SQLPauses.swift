/// Pauses after failed attempts to connect: they grow, with jitter, so that a fleet does not come back all at once.
struct SQLPauses {
    private var count = 0
    /// In seconds.
    private static let longest = 2.0

    /// From 0.05 s, doubled up to 2 s; half of each pause is random.
    mutating func next() -> Duration {
        let full = min(Self.longest, 0.05 * Double(1 << min(count, 10)))
        count += 1
        return .seconds(full / 2 + Double.random(in: 0...full / 2))
    }

    mutating func reset() { count = 0 }
}
