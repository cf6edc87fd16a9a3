/// Pauses between attempts to connect: they grow, with jitter, so that a fleet does not come back all at once.
package struct ReconnectPauses {
    private var count = 0
    /// Seconds.
    package static let longest = 4.0

    package init() {}

    /// From 0.1 s, doubled up to 4 s; half of each pause is random.
    package mutating func next() -> Duration {
        let full = min(Self.longest, 0.1 * Double(1 << min(count, 10)))
        count += 1
        return .seconds(full / 2 + Double.random(in: 0...full / 2))
    }

    /// Begins anew, after a connection was made.
    package mutating func reset() { count = 0 }
}
