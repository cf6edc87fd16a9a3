import CeleryCore

/// One option of a periodic task: its name, what it takes, what it does.
///
/// The only table of them: the settings file, the option lines of programs, and the manual are made from it.
package struct PeriodicKey: Sendable {
    package let name: String
    /// What it takes, for the manual: `DURATION`.
    package let placeholder: String
    /// The default, as one would write it; `nil` when there is none.
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
            help: "Moves the times of `every` so much: every=1d phase=6h is 6:00 UTC."
        ) { text, draft in duration(text, allowsZero: true) { draft.phase = $0 } },
        PeriodicKey(
            name: "crontab", placeholder: "LINE", defaultText: nil,
            help: "Due when a clock shows this: five fields as in crontab(5), or @daily and the like; celery(7) has the rules."
        ) { text, draft in
            draft.crontab = text
            return nil
        },
        PeriodicKey(
            name: "timezone", placeholder: "ZONE", defaultText: nil,
            help: "The zone of that clock, such as Europe/Berlin; by default that of the machine."
        ) { text, draft in
            draft.zone = text
            return nil
        },
        PeriodicKey(
            name: "jitter", placeholder: "DURATION", defaultText: "0s",
            help: "Sends up to so much later, the same for the same run, to spread the load."
        ) { text, draft in duration(text, allowsZero: true) { draft.jitter = $0 } },
        PeriodicKey(
            name: "missed", placeholder: "skip|once|all", defaultText: "once",
            help: "What becomes of runs that were due while no beat ran: none is run, one stands for all, or each is run."
        ) { text, draft in choice(text) { draft.missed = $0 } },
        PeriodicKey(
            name: "within", placeholder: "DURATION", defaultText: nil,
            help: "Runs that were due longer ago are not made up for."
        ) { text, draft in duration(text) { draft.within = $0 } },
        PeriodicKey(
            name: "overlap", placeholder: "allow|skip|queue", defaultText: "allow",
            help: "What becomes of a run that is due while the one before waits or runs: it is sent, passed over, or sent when that has ended."
        ) { text, draft in choice(text) { draft.overlap = $0 } },
        PeriodicKey(
            name: "expires", placeholder: "DURATION", defaultText: nil,
            help: "A run that has not begun so long after it was due is not begun any more."
        ) { text, draft in duration(text) { draft.expires = $0 } },
        PeriodicKey(
            name: "expect_within", placeholder: "DURATION", defaultText: nil,
            help: "When no run has succeeded for so long, beat says so in its log, and `celery beat status` exits with 1."
        ) { text, draft in duration(text) { draft.expectWithin = $0 } },
    ]

    /// The option of this name.
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
