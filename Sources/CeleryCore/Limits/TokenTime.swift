/// When a rate lets the next task begin: the whole state of a bucket that holds one token.
package struct TokenTime: Sendable, Hashable {
    /// Seconds since 1970.
    package private(set) var next: Double
    /// Seconds from one beginning to the next.
    package private(set) var interval: Double

    /// Who comes late by so much does not set back those that follow: a rate of a thousand a second
    /// would not be reached otherwise, as nobody wakes up that often.
    private static let lateness = 0.05

    package init(next: Double = 0, interval: Double) {
        self.next = next
        self.interval = interval
    }

    /// A bucket whose next token is further off than one interval, by so many seconds, was filled by a clock that was
    /// set back since.
    package static let clockTolerance = 1.0

    /// When the next may begin, which may be past.
    package func time(now: Timestamp) -> Timestamp {
        next > now.seconds + interval + Self.clockTolerance ? now : Timestamp(seconds: next)
    }

    /// Takes the token, if there is one.
    package mutating func take(now: Timestamp) -> Bool {
        guard time(now: now) <= now else { return false }
        next = max(min(next, now.seconds), now.seconds - Self.lateness) + interval
        return true
    }

    /// Puts back the token that was taken last.
    package mutating func putBack() { next -= interval }

    /// The same bucket at another rate, which counts from the last beginning.
    package mutating func change(to interval: Double) {
        next += interval - self.interval
        self.interval = interval
    }
}
