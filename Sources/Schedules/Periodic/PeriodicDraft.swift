/// The options of a periodic task while they are parsed one by one.
package struct PeriodicDraft: Sendable {
    var every: Duration?
    var phase: Duration?
    var crontab: String?
    var zone: String?
    var jitter: Duration?
    var missed = PeriodicOptions.Missed.once
    var within: Duration?
    var overlap = PeriodicOptions.Overlap.allow
    var expires: Duration?
    var expectWithin: Duration?
    var alarmAfter = PeriodicOptions.usualAlarm

    package init() {}

    /// Whether no option was given.
    package private(set) var isEmpty = true

    /// Sets one option.
    ///
    /// - Returns: An error text to follow the option's name; `nil` if the value is valid.
    package mutating func take(_ key: PeriodicKey, _ text: String) -> String? {
        isEmpty = false
        return key.assign(text, &self)
    }

    /// The options, checked for consistency.
    ///
    /// - Returns: `nil` if no option was given.
    /// - Throws: `ScheduleError` for inconsistent options, or without a schedule.
    package func options() throws(ScheduleError) -> PeriodicOptions? {
        if isEmpty { return nil }
        var options = PeriodicOptions(try schedule())
        options.jitter = Jitter(upTo: jitter ?? .zero)
        options.missed = missed
        options.within = within
        options.overlap = overlap
        options.expires = expires
        options.expectWithin = expectWithin
        options.alarmAfter = alarmAfter
        if let every, let jitter, jitter >= every {
            throw ScheduleError(.notASchedule, "jitter must be less than every, or runs would overtake each other")
        }
        return options
    }

    private func schedule() throws(ScheduleError) -> Schedule {
        switch (every, crontab) {
        case (let every?, nil):
            if zone != nil { throw ScheduleError(.notASchedule, "timezone requires crontab; intervals have no time zone") }
            return .every(try Interval(every: every, phase: phase ?? .zero))
        case (nil, let crontab?):
            if phase != nil { throw ScheduleError(.notASchedule, "phase requires every") }
            let zone: Zone? = if let zone { try Zone(named: zone) } else { nil }
            let schedule = Schedule.crontab(try Crontab(crontab, zone: zone))
            guard schedule.isPossible else { throw ScheduleError(.badCrontab, "crontab '\(crontab)' is never due: no year has such a day") }
            return schedule
        case (.some, .some):
            throw ScheduleError(.notASchedule, "both every and crontab are given", hint: "keep one")
        case (nil, nil):
            throw ScheduleError(.notASchedule, "no schedule is given", hint: "write every=30s or crontab=\"*/5 * * * *\"")
        }
    }
}
