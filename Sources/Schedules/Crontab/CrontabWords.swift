import CeleryCore

/// The words of a crontab line: five fields and an optional zone.
struct CrontabWords {
    /// The five fields.
    var fields: [Substring]
    var zone: String?

    /// The meaning of the `@` words, from crontab(5).
    static let nicknames = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    private static let order = "the fields are minute, hour, day of month, month, day of week"

    /// Splits a line into its words.
    ///
    /// Splits a line into its words.
    ///
    /// - Throws: `ScheduleError` with the code `badCrontab` or `reboot`.
    init(_ text: String) throws(ScheduleError) {
        var words = text.split(whereSeparator: \.isWhitespace)
        for prefix in ["CRON_TZ=", "TZ="] where zone == nil && words.first?.hasPrefix(prefix) == true {
            zone = String(words.removeFirst().dropFirst(prefix.count))
        }
        if let first = words.first, first.first == "@" {
            fields = try Self.fields(nickname: first)
            words.removeFirst()
        } else {
            guard words.count >= 5 else {
                throw ScheduleError(
                    .badCrontab, "'\(Quoted(text))' has \(words.count) of the five fields of a crontab line", hint: Self.order)
            }
            fields = Array(words.prefix(5))
            words.removeFirst(5)
        }
        guard let name = words.first else { return }
        // Some libraries have a field for seconds before the minute.
        if "*?0123456789".contains(name.first!) || CrontabField.Kind.dayOfWeek.names.contains(where: { $0.hasPrefix(name.lowercased()) }) {
            throw ScheduleError(
                .badCrontab, "'\(Quoted(text))' has more than the five fields of a crontab line",
                hint: "\(Self.order); there are no seconds and no years")
        }
        guard words.count == 1, zone == nil else {
            throw ScheduleError(
                .badCrontab, "'\(Quoted(words.joined(separator: " ")))' follows the five fields of a crontab line",
                hint: "only the name of a time zone may follow, such as Europe/Berlin")
        }
        zone = String(name)
    }

    /// The five fields that an `@` word stands for.
    ///
    /// - Throws: `ScheduleError` with the code `badCrontab` or `reboot`.
    static func fields(nickname: Substring) throws(ScheduleError) -> [Substring] {
        let word = nickname.lowercased()
        if let line = nicknames[word] { return line.split(separator: " ") }
        if word == "@reboot" {
            throw ScheduleError(
                .reboot, "@reboot is not a time and cannot be scheduled",
                hint: "start such a command from a systemd unit, or with the program that starts the worker")
        }
        let names = nicknames.keys.sorted()
        let near = NearestName.suggest(word, among: names).map { "did you mean '\($0)'?" }
        throw ScheduleError(
            .badCrontab, "'\(Quoted(nickname))' is not a schedule", hint: near ?? "allowed: \(names.joined(separator: ", "))")
    }
}
