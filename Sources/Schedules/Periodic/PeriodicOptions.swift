/// When a periodic task is sent, and what happens to runs that cannot be sent in time.
///
/// Sections `[beat.NAME]` of the settings, option lines of programs and `periodic()` of a `PeriodicTask` all provide
/// these options.
public struct PeriodicOptions: Sendable, Hashable {
    public var schedule: Schedule
    /// Spreads the sending of runs that are due at the same time.
    public var jitter: Jitter
    public var missed: Missed
    /// Runs that were due longer ago than this are not made up for; `nil` for no limit.
    public var within: Duration?
    public var overlap: Overlap
    /// A run that could not start within this time after it was due is skipped; `nil` for no limit.
    public var expires: Duration?
    /// If no run has succeeded for this time, beat raises an alarm; `nil` for no alarm.
    public var expectWithin: Duration?
    /// After this many failures in a row, or if every run so far has failed, beat raises an alarm; 0 for no alarm.
    public var alarmAfter: Int

    /// The default of `alarmAfter`: one failure may pass, two need a person.
    public static let usualAlarm = 2

    /// What happens to runs that were due while no beat ran.
    public enum Missed: String, Sendable, Hashable, CaseIterable {
        /// The runs are skipped.
        case skip
        /// Only the latest run is sent.
        case once
        /// Each run is sent.
        case all
    }

    /// What happens to a run that is due while the previous one waits or runs.
    public enum Overlap: String, Sendable, Hashable, CaseIterable {
        /// The run is sent all the same.
        case allow
        /// The run is skipped.
        case skip
        /// The run is sent when the previous one has ended. Only the latest such run is sent.
        case queue
    }

    public init(
        _ schedule: Schedule, jitter: Jitter = Jitter(upTo: .zero), missed: Missed = .once, within: Duration? = nil,
        overlap: Overlap = .allow, expires: Duration? = nil, expectWithin: Duration? = nil, alarmAfter: Int = PeriodicOptions.usualAlarm
    ) {
        self.schedule = schedule
        self.jitter = jitter
        self.missed = missed
        self.within = within
        self.overlap = overlap
        self.expires = expires
        self.expectWithin = expectWithin
        self.alarmAfter = alarmAfter
    }
}
