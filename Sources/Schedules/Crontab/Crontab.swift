/// A crontab line: the times when the wall clock of a zone matches five fields.
///
/// The fields are minute, hour, day of month, month and day of week, as in crontab(5): numbers and names, ranges
/// (`9-17`), steps (`*/5`, `5/15`) and lists (`0,30`). Extensions are `?` for `*`, `L` for the last day of a month,
/// `friL` for the last Friday and `mon#2` for the second Monday of a month. If both day of month and day of week are
/// restricted, that is, neither begins with `*`, a day need match only one of them.
public struct Crontab: Sendable, Hashable {
    /// The zone whose wall clock is matched.
    public let zone: Zone
    let minute: CrontabField
    let hour: CrontabField
    let dayOfMonth: CrontabField
    let month: CrontabField
    let dayOfWeek: CrontabField

    /// Parses `*/5 * * * *` or `@daily`, optionally followed by the name of a zone (`0 6 * * * Europe/Berlin`) or preceded by
    /// `CRON_TZ=` and a zone.
    ///
    /// - Parameters:
    ///   - zone: The zone of a text that names none; nil means the zone of this machine.
    ///   - zones: The database of zones.
    /// - Throws: `ScheduleError` that names the field and the allowed values.
    public init(_ text: String, zone: Zone? = nil, zones: ZoneDatabase = .system) throws(ScheduleError) {
        let words = try CrontabWords(text)
        self.zone = if let name = words.zone { try zones.zone(named: name) } else if let zone { zone } else { try zones.local() }
        minute = try CrontabField(words.fields[0], .minute)
        hour = try CrontabField(words.fields[1], .hour)
        dayOfMonth = try CrontabField(words.fields[2], .dayOfMonth)
        month = try CrontabField(words.fields[3], .month)
        dayOfWeek = try CrontabField(words.fields[4], .dayOfWeek)
    }

    /// A crontab line from its fields, with the names and defaults of Python Celery's `crontab`.
    ///
    /// Unlike in Python, a day need match only one of `dayOfMonth` and `dayOfWeek` if both are restricted. For the first
    /// Monday of a month write `dayOfWeek: "mon#1"`.
    ///
    /// - Parameter zone: nil means the zone of this machine.
    /// - Throws: `ScheduleError` that names the field and the allowed values.
    public init(
        minute: String = "*", hour: String = "*", dayOfWeek: String = "*", dayOfMonth: String = "*", monthOfYear: String = "*",
        zone: Zone? = nil
    ) throws(ScheduleError) {
        self.zone = if let zone { zone } else { try Zone.local() }
        // Celery allows spaces within fields: "1, 2".
        self.minute = try CrontabField(minute.filter { !$0.isWhitespace }, .minute)
        self.hour = try CrontabField(hour.filter { !$0.isWhitespace }, .hour)
        self.dayOfMonth = try CrontabField(dayOfMonth.filter { !$0.isWhitespace }, .dayOfMonth)
        month = try CrontabField(monthOfYear.filter { !$0.isWhitespace }, .month)
        self.dayOfWeek = try CrontabField(dayOfWeek.filter { !$0.isWhitespace }, .dayOfWeek)
    }

    /// Whether minute or hour begins with `*`: then the line is due whenever the clock shows a matching time, even twice.
    /// Other lines have times of day, each of which is due once a day regardless of clock changes.
    public var isWildcard: Bool { minute.isWild || hour.isWild }

    /// Whether any date matches; `0 0 30 2 *` matches none. Checks 400 years, after which the calendar repeats.
    public var isPossible: Bool { moment(from: 0) != nil }
}

extension Crontab: CustomStringConvertible {
    /// The five fields in lower case and the zone, separated by single spaces: `*/5 * * * * Europe/Berlin`.
    public var description: String { "\(expression) \(zone.name)" }

    /// The five fields without the zone.
    public var expression: String {
        [minute, hour, dayOfMonth, month, dayOfWeek].map(\.text).joined(separator: " ")
    }
}
