public import CeleryCore

/// When a periodic task is due: at fixed intervals, or when the wall clock of a zone shows certain times.
///
/// This module reads no clock. Every query takes a start time, so results are reproducible: all beats agree on every due
/// time, and tests need not wait. An `Interval` counts seconds since the epoch; a `Crontab` matches the wall clock of its
/// `Zone`, which comes from the system's time-zone database. `Jitter` delays the sending and does not change the due time.
public enum Schedule: Sendable, Hashable {
    case every(Interval)
    case crontab(Crontab)

    /// - Parameter period: A second or more, in whole milliseconds.
    /// - Throws: `ScheduleError` with the code `badInterval`.
    public init(every period: Duration) throws(ScheduleError) { self = .every(try Interval(every: period)) }

    /// The first run due later than `time`.
    ///
    /// - Returns: nil if there is none up to the year 9999, such as for 30 February.
    public func next(after time: Timestamp) -> Timestamp? {
        switch self {
        case .every(let interval): interval.next(after: time)
        case .crontab(let crontab): crontab.next(after: time)
        }
    }

    /// The last run due at `time` or before; nil if there is none since the year 1.
    public func last(through time: Timestamp) -> Timestamp? {
        switch self {
        case .every(let interval): interval.last(through: time)
        case .crontab(let crontab): crontab.last(through: time)
        }
    }

    /// All runs due later than `time`, in ascending order, computed lazily.
    public func times(after time: Timestamp) -> DueTimes { DueTimes(schedule: self, time: time) }

    /// The runs due later than `time`, up to and including `end`, in ascending order.
    ///
    /// - Parameter limit: Maximum number of runs to return.
    public func times(after time: Timestamp, through end: Timestamp, limit: Int = .max) -> [Timestamp] {
        var found: [Timestamp] = []
        for due in times(after: time) {
            guard due <= end, found.count < limit else { break }
            found.append(due)
        }
        return found
    }

    /// Whether the schedule is ever due.
    public var isPossible: Bool {
        switch self {
        case .every: true
        case .crontab(let crontab): crontab.isPossible
        }
    }
}

/// The runs of a schedule after a given time.
public struct DueTimes: Sendable, Sequence, IteratorProtocol {
    let schedule: Schedule
    var time: Timestamp

    public mutating func next() -> Timestamp? {
        guard let due = schedule.next(after: time) else { return nil }
        time = due
        return due
    }
}
