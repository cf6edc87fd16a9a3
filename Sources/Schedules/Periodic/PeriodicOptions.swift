/// When a periodic task is sent, and what becomes of a run that cannot be sent in time.
///
/// A section `[beat.NAME]` of the settings, the option line of a program and `static var periodic` of a
/// `PeriodicTask` say the same things.
public struct PeriodicOptions: Sendable, Hashable {
    public var schedule: Schedule
    /// Spreads the sending of what is due at the same moment.
    public var jitter: Jitter
    public var missed: Missed
    /// Runs that were due longer ago are not made up for; `nil` is without end.
    public var within: Duration?
    public var overlap: Overlap
    /// A run that has not begun so long after it was due is not begun any more.
    public var expires: Duration?
    /// It is an alarm when no run has succeeded for so long.
    public var expectWithin: Duration?

    /// What happens to runs that were due while no beat was there to send them.
    public enum Missed: String, Sendable, Hashable, CaseIterable {
        /// They are not run.
        case skip
        /// One run, the latest, stands for all of them.
        case once
        /// Each is run.
        case all
    }

    /// What happens to a run that is due while the one before waits or runs.
    public enum Overlap: String, Sendable, Hashable, CaseIterable {
        /// It is sent all the same.
        case allow
        /// It is passed over.
        case skip
        /// It is sent when the one before has ended; one waits at a time, the latest.
        case queue
    }

    public init(
        _ schedule: Schedule, jitter: Jitter = Jitter(upTo: .zero), missed: Missed = .once, within: Duration? = nil,
        overlap: Overlap = .allow, expires: Duration? = nil, expectWithin: Duration? = nil
    ) {
        self.schedule = schedule
        self.jitter = jitter
        self.missed = missed
        self.within = within
        self.overlap = overlap
        self.expires = expires
        self.expectWithin = expectWithin
    }
}
