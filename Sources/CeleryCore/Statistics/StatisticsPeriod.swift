/// A period in which the tasks of one name are counted together: a minute, an hour, or a day.
public struct StatisticsPeriod: Sendable, Hashable {
    public var task: String
    /// Seconds since 1970, a multiple of the length.
    public var start: Int
    /// Seconds.
    public var length: Int

    public init(task: String, start: Int, length: Int) {
        self.task = task
        self.start = start
        self.length = length
    }

    /// The minute that contains a time.
    public init(task: String, minuteOf time: Timestamp) {
        self.init(task: task, start: Int(max(0, time.seconds.possibleStart)) / 60 * 60, length: 60)
    }

    public var end: Int { start + length }

    /// The longer period to merge this one into at its age: minutes are separate for three hours, hours for a week; days are
    /// kept for a year.
    ///
    /// - Returns: The period itself while it is young; `nil` when it should be dropped.
    package func folded(now: Timestamp) -> StatisticsPeriod? {
        let age = now.seconds - Double(end)
        if age > 366 * 86_400 { return nil }
        let wanted = age > 7 * 86_400 ? 86_400 : age > 3 * 3_600 ? 3_600 : 60
        guard wanted > length else { return self }
        return StatisticsPeriod(task: task, start: start / wanted * wanted, length: wanted)
    }
}

extension Double {
    /// Seconds clamped to the calendar, which ends with the year 9999.
    fileprivate var possibleStart: Double { isNaN ? 0 : Swift.min(Swift.max(self, 0), 253_402_300_799) }
}
