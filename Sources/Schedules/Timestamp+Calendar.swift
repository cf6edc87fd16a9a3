import CeleryCore

/// The years 1 to 9999, in which schedules are looked up; other times have no use, and would overflow.
extension Timestamp {
    /// 0001-01-01 in UTC, in seconds since the epoch.
    static let calendarStart = -62_135_596_800.0
    /// The last second of 9999 in UTC.
    static let calendarEnd = 253_402_300_799.0

    /// The nearest time within the calendar; nil for what is not a number.
    var clampedToCalendar: Timestamp? {
        seconds.isNaN ? nil : Timestamp(seconds: min(max(seconds, Self.calendarStart - 1), Self.calendarEnd))
    }

    /// The first whole second later than this, from the start of the calendar on; nil behind its end.
    var secondAfter: Int? {
        guard let time = clampedToCalendar, time.seconds < Self.calendarEnd else { return nil }
        return Int(time.seconds.rounded(.down)) + 1
    }
}
