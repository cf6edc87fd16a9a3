import CeleryCore

/// One option of a periodic task: its name, value and help.
///
/// This table defines the options for the settings file, the option lines of programs, and the manual.
package struct PeriodicKey: Sendable {
    package let name: String
    /// The kind of value, for the manual: `DURATION`.
    package let placeholder: String
    /// The default as it would be written; `nil` if there is none.
    package let defaultText: String?
    package let help: String
    let assign: @Sendable (String, inout PeriodicDraft) -> String?

    package static let all: [PeriodicKey] = [
        PeriodicKey(
            name: "every", placeholder: "DURATION", defaultText: nil,
            help: "Due at this interval, counted from 1970-01-01 UTC, so that it never drifts: 30s, 10m, 1d."
        ) { text, draft in duration(text) { draft.every = $0 } },
        PeriodicKey(
            name: "phase", placeholder: "DURATION", defaultText: "0s",
            help: "Shifts the times of `every`: every=1d phase=6h is 6:00 UTC."
        ) { text, draft in duration(text, allowsZero: true) { draft.phase = $0 } },
        PeriodicKey(
            name: "crontab", placeholder: "LINE", defaultText: nil,
            help: "Due at these clock times: five fields as in crontab(5), or a word such as @daily; see celery(7) for the rules."
        ) { text, draft in
            draft.crontab = text
            return nil
        },
        PeriodicKey(
            name: "timezone", placeholder: "ZONE", defaultText: nil,
            help: "The time zone of crontab, such as Europe/Berlin. Default: the zone of the machine."
        ) { text, draft in
            draft.zone = text
            return nil
        },
        PeriodicKey(
            name: "jitter", placeholder: "DURATION", defaultText: "0s",
            help: "Delays each run by up to this time, always the same for a given run, to spread the load."
        ) { text, draft in duration(text, allowsZero: true) { draft.jitter = $0 } },
        PeriodicKey(
            name: "missed", placeholder: "skip|once|all", defaultText: "once",
            help: "What to do about runs that were due while no beat ran: skip them, run once for all of them, or run each."
        ) { text, draft in choice(text) { draft.missed = $0 } },
        PeriodicKey(
            name: "within", placeholder: "DURATION", defaultText: nil,
            help: "Do not make up for runs that were due longer ago than this."
        ) { text, draft in duration(text) { draft.within = $0 } },
        PeriodicKey(
            name: "overlap", placeholder: "allow|skip|queue", defaultText: "allow",
            help: "What to do about a run that is due while the previous one waits or runs: send it, skip it, or send it when the previous one has ended."
        ) { text, draft in choice(text) { draft.overlap = $0 } },
        PeriodicKey(
            name: "expires", placeholder: "DURATION", defaultText: nil,
            help: "Skip a run that could not start within this time."
        ) { text, draft in duration(text) { draft.expires = $0 } },
        PeriodicKey(
            name: "expect_within", placeholder: "DURATION", defaultText: nil,
            help: "If no run has succeeded for this time, beat logs an error and `celery beat status` exits with 1."
        ) { text, draft in duration(text) { draft.expectWithin = $0 } },
        PeriodicKey(
            name: "alarm_after", placeholder: "N", defaultText: "2",
            help: "If this many runs in a row have failed, or every run so far, beat logs an error and `celery beat status` exits with 1; 0 raises no such alarm."
        ) { text, draft in
            guard let count = Int(text), (0...1_000_000).contains(count) else {
                return "must be a whole number from 0 to 1000000, not \"\(text)\""
            }
            draft.alarmAfter = count
            return nil
        },
    ]

    /// The option with this name.
    package static func named(_ name: String) -> PeriodicKey? { all.first { $0.name == name } }

    private static func duration(_ text: String, allowsZero: Bool = false, _ take: (Duration) -> Void) -> String? {
        guard let seconds = DurationText.seconds(text) else {
            return "must be a length of time such as 90s or 10m, not \"\(text)\""
        }
        guard seconds > 0 || allowsZero else { return "must be more than 0" }
        take(.seconds(seconds))
        return nil
    }

    private static func choice<Value: RawRepresentable & CaseIterable>(
        _ text: String, _ take: (Value) -> Void
    ) -> String? where Value.RawValue == String {
        guard let value = Value(rawValue: text) else {
            let names = Value.allCases.map(\.rawValue)
            return "must be \(names.dropLast().joined(separator: ", ")) or \(names.last ?? ""), not \"\(text)\""
        }
        take(value)
        return nil
    }
}
