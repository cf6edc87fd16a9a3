/// Bounded exponential backoff with jitter: pauses between attempts grow, and differ, so that a fleet does not come back all at once.
package struct Backoff: Sendable {
    private let first: Duration
    /// No pause is longer.
    package let longest: Duration
    private var attempts = 0

    /// Between attempts to connect to a server.
    package static let connecting = Backoff(first: .milliseconds(100), longest: .seconds(4))
    /// Between a worker's attempts to take messages, to record outcomes and to read commands.
    package static let working = Backoff(first: .milliseconds(100), longest: .seconds(5))

    /// - Parameter first: The first pause is not longer.
    package init(first: Duration, longest: Duration) {
        (self.first, self.longest) = (first, longest)
    }

    /// The next pause: the first, doubled with each attempt up to the longest; half of it is random.
    package mutating func next() -> Duration {
        let full = min(longest.inSeconds, first.inSeconds * Double(1 << min(attempts, 10)))
        attempts += 1
        return .seconds(full / 2 + Double.random(in: 0...full / 2))
    }

    /// Begins anew, after success.
    package mutating func reset() { attempts = 0 }
}
