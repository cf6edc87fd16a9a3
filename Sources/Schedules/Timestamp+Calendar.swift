import CeleryCore

/// Schedules are defined for the years 1 to 9999. Other times are useless and could overflow.
extension Timestamp {
    /// 0001-01-01 in UTC, in seconds since the epoch.
    static let calendarStart = -62_135_596_800.0
    /// The last second of 9999 in UTC.
    static let calendarEnd = 253_402_300_799.0

    /// The nearest time within the calendar; nil if this is not a number.
    var clampedToCalendar: Timestamp? {
        seconds.isNaN ? nil : Timestamp(seconds: min(max(seconds, Self.calendarStart - 1), Self.calendarEnd))
    }

    /// The first whole second within the calendar that is later than this; nil beyond its end.
    var secondAfter: Int? {
        guard let time = clampedToCalendar, time.seconds < Self.calendarEnd else { return nil }
        return Int(time.seconds.rounded(.down)) + 1
    }
}
