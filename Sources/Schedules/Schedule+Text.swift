extension Schedule: CustomStringConvertible {
    /// `every 30s` or `*/5 * * * * Europe/Berlin`, for lists and JSON. Parsing it gives an equal schedule.
    public var description: String {
        switch self {
        case .every(let interval): interval.description
        case .crontab(let crontab): crontab.description
        }
    }

    /// Parses an interval (`every 30s`, `90s`, `every 1d phase 6h`) or a crontab line (`*/5 * * * *`, `@daily`),
    /// which may end with the name of its zone.
    ///
    /// - Parameters:
    ///   - zone: The zone of a crontab line that names none; nil means the zone of this machine.
    ///   - zones: The database of zones.
    /// - Throws: `ScheduleError` that names the field and the allowed values.
    public init(_ text: String, zone: Zone? = nil, zones: ZoneDatabase = .system) throws(ScheduleError) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let first = words.first?.lowercased() else {
            throw ScheduleError(.notASchedule, "a schedule is empty", hint: Self.forms)
        }
        if first == "every" || first == "@every" {
            self = .every(try Interval(text))
        } else if words.count == 1, first.unicodeScalars.first.map({ "0"..."9" ~= $0 }) == true {
            self = .every(try Interval(text))
        } else if words.count == 1, first.first != "@" {
            throw ScheduleError(.notASchedule, "'\(Quoted(text))' is not a schedule", hint: Self.forms)
        } else {
            self = .crontab(try Crontab(text, zone: zone, zones: zones))
        }
    }

    private static let forms = "write an interval such as 30s, or a crontab line such as '*/5 * * * *'"
}
