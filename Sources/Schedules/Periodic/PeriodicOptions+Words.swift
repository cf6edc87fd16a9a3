extension PeriodicOptions {
    /// The options that differ from their defaults, by the names of `PeriodicKey.all`. A `PeriodicDraft` makes equal options
    /// from them.
    ///
    /// The zone of a crontab line is always included, so that it does not depend on the machine.
    package var words: [(name: String, value: String)] {
        var words: [(name: String, value: String)] = []
        switch schedule {
        case .every(let interval):
            words.append(("every", Self.text(interval.period)))
            if interval.phase != .zero { words.append(("phase", Self.text(interval.phase))) }
        case .crontab(let crontab):
            words.append(("crontab", crontab.expression))
            words.append(("timezone", crontab.zone.name))
        }
        if jitter.maximum != .zero { words.append(("jitter", Self.text(jitter.maximum))) }
        if missed != .once { words.append(("missed", missed.rawValue)) }
        if let within { words.append(("within", Self.text(within))) }
        if overlap != .allow { words.append(("overlap", overlap.rawValue)) }
        if let expires { words.append(("expires", Self.text(expires))) }
        if let expectWithin { words.append(("expect_within", Self.text(expectWithin))) }
        if alarmAfter != Self.usualAlarm { words.append(("alarm_after", String(alarmAfter))) }
        return words
    }

    /// A duration, rounded to milliseconds.
    private static func text(_ length: Duration) -> String {
        Interval.text(milliseconds: Int((length / .milliseconds(1)).rounded()))
    }
}
