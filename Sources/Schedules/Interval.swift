public import CeleryCore

/// A fixed period between runs, and a phase.
///
/// Runs are due at `phase + k × period` since the epoch, for every integer k. So they do not drift, and every process
/// computes the same due times. Intervals count elapsed seconds: time zones, daylight saving time and leap seconds do not
/// affect them.
public struct Interval: Sendable, Hashable {
    /// Milliseconds between runs, 1,000 or more.
    let periodMilliseconds: Int
    /// Milliseconds from the epoch to a run, from 0 to below the period.
    let phaseMilliseconds: Int

    /// The time between runs.
    public var period: Duration { .milliseconds(periodMilliseconds) }
    /// The time from the epoch to the first run after it; shorter than the period.
    public var phase: Duration { .milliseconds(phaseMilliseconds) }

    /// - Parameters:
    ///   - period: A second or more, in whole milliseconds.
    ///   - phase: The time from the epoch to any run, in whole milliseconds.
    /// - Throws: `ScheduleError` with the code `badInterval` for other durations, and for more than 1,000 years.
    public init(every period: Duration, phase: Duration = .zero) throws(ScheduleError) {
        try self.init(
            periodMilliseconds: Self.milliseconds(period, called: "period"),
            phaseMilliseconds: Self.milliseconds(phase, called: "phase"))
    }

    /// An interval with a run due at `start`. There are earlier runs too: `start` determines only the phase.
    ///
    /// - Throws: `ScheduleError` as `init(every:phase:)` does.
    public init(every period: Duration, startingAt start: Timestamp) throws(ScheduleError) {
        let seconds = start.seconds
        guard seconds.isFinite, abs(seconds) <= DurationText.maximum * 10 else {
            throw ScheduleError(.badInterval, "an interval cannot start at \(seconds)")
        }
        try self.init(
            periodMilliseconds: Self.milliseconds(period, called: "period"),
            phaseMilliseconds: Int((seconds * 1_000).rounded()))
    }

    private init(periodMilliseconds period: Int, phaseMilliseconds phase: Int) throws(ScheduleError) {
        guard period >= 1_000 else {
            throw ScheduleError(
                .badInterval, "an interval of \(Self.text(milliseconds: period)) is too short",
                hint: "the shortest is 1s")
        }
        periodMilliseconds = period
        phaseMilliseconds = phase - phase.flooredQuotient(by: period) * period
    }

    /// Tolerated rounding error, in seconds, of a duration made from a `Double`.
    private static let imprecision = 1e-6

    private static func milliseconds(_ length: Duration, called name: String) throws(ScheduleError) -> Int {
        let seconds = length.inSeconds
        guard abs(seconds) <= DurationText.maximum else {
            throw ScheduleError(.badInterval, "the \(name) of an interval is longer than 1,000 years")
        }
        let milliseconds = (seconds * 1_000).rounded()
        guard abs(seconds - milliseconds / 1_000) <= max(imprecision, seconds.ulp) else {
            throw ScheduleError(
                .badInterval, "the \(name) of an interval is \(seconds) s", hint: "the resolution is one millisecond")
        }
        return Int(milliseconds)
    }

    /// The first run due later than `time`; nil beyond the year 9999, and if `time` is not a number.
    public func next(after time: Timestamp) -> Timestamp? {
        guard let time = time.clampedToCalendar else { return nil }
        var count = self.count(at: time) - 1
        while due(count) <= time { count += 1 }
        return due(count).seconds <= Timestamp.calendarEnd ? due(count) : nil
    }

    /// The last run due at `time` or before; nil before the year 1, and if `time` is not a number.
    public func last(through time: Timestamp) -> Timestamp? {
        guard let time = time.clampedToCalendar else { return nil }
        var count = self.count(at: time) + 1
        while due(count) > time { count -= 1 }
        return due(count).seconds >= Timestamp.calendarStart ? due(count) : nil
    }

    /// The number of the last run due at `time` or before. May be off by one because of rounding.
    private func count(at time: Timestamp) -> Int {
        let milliseconds = Int((time.seconds * 1_000).rounded(.down))
        return (milliseconds - phaseMilliseconds).flooredQuotient(by: periodMilliseconds)
    }

    private func due(_ count: Int) -> Timestamp {
        Timestamp(seconds: Double(phaseMilliseconds + count * periodMilliseconds) / 1_000)
    }
}
