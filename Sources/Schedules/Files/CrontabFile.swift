/// A user's crontab, or the system's, taken apart as crontab(5) describes it.
///
/// Pure: it reads no file and runs nothing. Each line becomes an entry or a problem, or is a comment, a blank or a
/// setting; none is left out silently.
package struct CrontabFile: Sendable, Hashable {
    /// Whose file it is.
    package enum Layout: Sendable, Hashable {
        /// What `crontab -l` prints.
        case user
        /// `/etc/crontab` and the files of `/etc/cron.d`, which name a user before the command.
        case system
    }

    /// A line that runs a command.
    package struct Entry: Sendable, Hashable {
        /// Counted from 1.
        package var lineNumber: Int
        /// When, as it was written: five fields, or an `@` word.
        package var scheduleText: String
        /// When, in the zone of `CRON_TZ` if that is set above the line.
        package var crontab: Crontab
        /// What `CRON_TZ` was set to above the line; nil if it was not.
        package var zoneName: String?
        /// As whom; nil in a user's file.
        package var user: String?
        /// For `SHELL -c`, up to the first `%` that is not escaped; `\%` has become `%`.
        package var command: String
        /// The standard input of the command: what followed the first `%`, with newlines for further ones, ended
        /// by one as cron ends it; nil if there was none.
        package var input: String?
        /// The settings above the line, by name, such as SHELL, HOME, MAILTO and PATH; without `CRON_TZ`.
        package var environment: [String: String]
    }

    /// A line that could not be taken over.
    package struct Problem: Sendable, Hashable {
        /// Counted from 1.
        package var lineNumber: Int
        /// The line as it was written, without blanks at its ends.
        package var text: String
        /// Why.
        package var reason: ScheduleError
    }

    package private(set) var entries: [Entry] = []
    package private(set) var problems: [Problem] = []

    private let layout: Layout
    private let zone: Zone
    private let zones: ZoneDatabase
    private var environment: [String: String] = [:]
    private var zoneName: String?
    /// The zone for the lines that follow, or why there is none.
    private var zoneInForce: Result<Zone, ScheduleError>

    /// - Parameters:
    ///   - zone: The zone of lines above which no `CRON_TZ` is set: as a rule that of the machine the file is from.
    ///   - zones: Where the zones of `CRON_TZ` are looked up.
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

    /// A zone that is not known spoils the lines below it too: they must not run at the times of another.
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
