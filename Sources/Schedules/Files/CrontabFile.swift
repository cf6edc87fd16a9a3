/// Parses a user's or the system's crontab as crontab(5) describes it.
///
/// Reads no files and runs nothing. Every line becomes an entry or a problem, unless it is a comment, a blank line or a
/// setting.
package struct CrontabFile: Sendable, Hashable {
    /// The format of the file.
    package enum Layout: Sendable, Hashable {
        /// The format of `crontab -l`.
        case user
        /// The format of `/etc/crontab` and of files in `/etc/cron.d`, with a user name before the command.
        case system
    }

    /// A line that runs a command.
    package struct Entry: Sendable, Hashable {
        /// Counted from 1.
        package var lineNumber: Int
        /// The schedule as written: five fields, or an `@` word.
        package var scheduleText: String
        /// The schedule, in the zone of `CRON_TZ` if that is set above the line.
        package var crontab: Crontab
        /// The value of `CRON_TZ` above the line; nil if it is not set.
        package var zoneName: String?
        /// The user to run the command; nil in a user's file.
        package var user: String?
        /// The command for `SHELL -c`, up to the first unescaped `%`; with `\%` replaced by `%`.
        package var command: String
        /// The standard input of the command: the text after the first unescaped `%`, with newlines for further ones and a final
        /// newline, as in cron; nil if there is no unescaped `%`.
        package var input: String?
        /// The settings above the line by name, such as SHELL, HOME, MAILTO and PATH; without `CRON_TZ`.
        package var environment: [String: String]
    }

    /// A line that could not be parsed.
    package struct Problem: Sendable, Hashable {
        /// Counted from 1.
        package var lineNumber: Int
        /// The line without blanks at its ends.
        package var text: String
        /// Why the line could not be parsed.
        package var reason: ScheduleError
    }

    package private(set) var entries: [Entry] = []
    package private(set) var problems: [Problem] = []

    private let layout: Layout
    private let zone: Zone
    private let zones: ZoneDatabase
    private var environment: [String: String] = [:]
    private var zoneName: String?
    /// The zone for the following lines, or why it is unknown.
    private var zoneInForce: Result<Zone, ScheduleError>

    /// - Parameters:
    ///   - zone: The zone of lines without a `CRON_TZ` above them: usually the zone of the file's machine.
    ///   - zones: The database for the zones of `CRON_TZ`.
    package init(_ text: String, layout: Layout = .user, zone: Zone, zones: ZoneDatabase = .system) {
        self.layout = layout
        self.zone = zone
        self.zones = zones
        zoneInForce = .success(zone)
        for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let line = CrontabLine(Array(line))
            do throws(ScheduleError) {
                try take(line, number: index + 1)
            } catch {
                problems.append(Problem(lineNumber: index + 1, text: line.text, reason: error))
            }
        }
    }

    private mutating func take(_ line: CrontabLine, number: Int) throws(ScheduleError) {
        if line.isIgnored { return }
        if let (name, value) = line.setting {
            if name == "CRON_TZ" { try setZone(value) } else { environment[name] = value }
            return
        }
        let parts = try line.parts(hasUser: layout == .system)
        let zone: Zone
        switch zoneInForce {
        case .success(let known): zone = known
        case .failure(let error): throw error
        }
        entries.append(
            Entry(
                lineNumber: number, scheduleText: parts.schedule, crontab: try Crontab(parts.schedule, zone: zone, zones: zones),
                zoneName: zoneName, user: parts.user, command: parts.command, input: parts.input, environment: environment))
    }

    /// An unknown zone also invalidates the lines below it, since they must not run at the times of another zone.
    private mutating func setZone(_ name: String) throws(ScheduleError) {
        zoneName = name.isEmpty ? nil : name
        guard !name.isEmpty else { return zoneInForce = .success(zone) }
        do throws(ScheduleError) {
            zoneInForce = .success(try zones.zone(named: name))
        } catch {
            let message = "CRON_TZ: \(error.message)"
            zoneInForce = .failure(ScheduleError(error.code, message, hint: error.hint))
            throw ScheduleError(error.code, message, hint: error.hint)
        }
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.entries == right.entries && left.problems == right.problems
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(entries)
        hasher.combine(problems)
    }
}
