/// A crontab line: the times at which the wall clock of a zone matches five fields.
///
/// The fields are minute, hour, day of month, month and day of week, as crontab(5) describes them: numbers and
/// names, ranges (`9-17`), steps (`*/5`, `5/15`), lists (`0,30`), and beyond cron `?` for `*`, `L` for the last day
/// of a month, `friL` for its last Friday and `mon#2` for its second Monday. When day of month and day of week
/// are both restricted, that is, when neither begins with `*`, a day need match only one of them.
public struct Crontab: Sendable, Hashable {
    /// The zone whose wall clock is matched.
    public let zone: Zone
    let minute: CrontabField
    let hour: CrontabField
    let dayOfMonth: CrontabField
    let month: CrontabField
    let dayOfWeek: CrontabField

    /// Reads `*/5 * * * *`, `@daily`, or either with the name of a zone behind it (`0 6 * * * Europe/Berlin`) or
    /// `CRON_TZ=` and a zone before it.
    ///
    /// - Parameters:
    ///   - zone: The zone of a text that names none; nil is the zone of this machine.
    ///   - zones: Where zones are looked up.
    /// - Throws: `ScheduleError`, naming the field and what is allowed there.
    public init(_ text: String, zone: Zone? = nil, zones: ZoneDatabase = .system) throws(ScheduleError) {
        let words = try CrontabWords(text)
        self.zone = if let name = words.zone { try zones.zone(named: name) } else if let zone { zone } else { try zones.local() }
        minute = try CrontabField(words.fields[0], .minute)
        hour = try CrontabField(words.fields[1], .hour)
        dayOfMonth = try CrontabField(words.fields[2], .dayOfMonth)
        month = try CrontabField(words.fields[3], .month)
        dayOfWeek = try CrontabField(words.fields[4], .dayOfWeek)
    }

    /// Puts a crontab line together from its fields, under the names and with the defaults of Python Celery's `crontab`.
    ///
    /// Unlike there, a day need match only one of `dayOfMonth` and `dayOfWeek` when both are restricted. For the first
    /// Monday of a month write `dayOfWeek: "mon#1"`.
    ///
    /// - Parameter zone: nil is the zone of this machine.
    /// - Throws: `ScheduleError`, naming the field and what is allowed there.
    public init(
        minute: String = "*", hour: String = "*", dayOfWeek: String = "*", dayOfMonth: String = "*", monthOfYear: String = "*",
        zone: Zone? = nil
    ) throws(ScheduleError) {
        self.zone = if let zone { zone } else { try Zone.local() }
        // Celery's fields may hold spaces: "1, 2".
        self.minute = try CrontabField(minute.filter { !$0.isWhitespace }, .minute)
        self.hour = try CrontabField(hour.filter { !$0.isWhitespace }, .hour)
        self.dayOfMonth = try CrontabField(dayOfMonth.filter { !$0.isWhitespace }, .dayOfMonth)
        month = try CrontabField(monthOfYear.filter { !$0.isWhitespace }, .month)
        self.dayOfWeek = try CrontabField(dayOfWeek.filter { !$0.isWhitespace }, .dayOfWeek)
    }

    /// Whether the line runs whenever the clock shows a matching time, even twice: its minute or hour begins with `*`.
    /// The others name times of day, each of which comes once a day whatever the clock does.
    public var isWildcard: Bool { minute.isWild || hour.isWild }

    /// Whether any date matches; `0 0 30 2 *` has none. No calendar is asked beyond 400 years, after which it repeats.
    public var isPossible: Bool { moment(from: 0) != nil }
}

extension Crontab: CustomStringConvertible {
    /// The five fields and the zone, with single spaces, in lower case but for the zone: `*/5 * * * * Europe/Berlin`.
    public var description: String { "\(expression) \(zone.name)" }

    /// The five fields without the zone.
    public var expression: String {
        [minute, hour, dayOfMonth, month, dayOfWeek].map(\.text).joined(separator: " ")
    }
}
