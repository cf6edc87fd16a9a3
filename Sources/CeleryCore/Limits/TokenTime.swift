/// When a rate allows the next start: the whole state of a bucket with one token.
package struct TokenTime: Sendable, Hashable {
    /// Seconds since 1970.
    package private(set) var next: Double
    /// Seconds between starts.
    package private(set) var interval: Double

    /// Seconds. A start that is late by no more than this does not delay later starts; otherwise a rate of a thousand a second
    /// would not be reached, because no worker wakes that often.
    private static let lateness = 0.05

    package init(next: Double = 0, interval: Double) {
        self.next = next
        self.interval = interval
    }

    /// Seconds. A next token later than one interval plus this tolerance comes from a clock that was set back since.
    package static let clockTolerance = 1.0

    /// When the next task may start; possibly in the past.
    package func time(now: Timestamp) -> Timestamp {
        next > now.seconds + interval + Self.clockTolerance ? now : Timestamp(seconds: next)
    }

    /// Takes the token, if there is one.
    package mutating func take(now: Timestamp) -> Bool {
        guard time(now: now) <= now else { return false }
        next = max(min(next, now.seconds), now.seconds - Self.lateness) + interval
        return true
    }

    /// Returns the token taken last.
    package mutating func putBack() { next -= interval }

    /// Changes the rate, counting from the last start.
    package mutating func change(to interval: Double) {
        next += interval - self.interval
        self.interval = interval
    }
}
