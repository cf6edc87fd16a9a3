/// The options of a periodic task as they are read, one after the other, from words.
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

    package init() {}

    /// Whether anything was said.
    package private(set) var isEmpty = true

    /// Takes one option.
    ///
    /// - Returns: what is wrong with the value, to be said after the option's name; `nil` when it was taken.
    package mutating func take(_ key: PeriodicKey, _ text: String) -> String? {
        isEmpty = false
        return key.assign(text, &self)
    }

    /// The options, checked against each other.
    ///
    /// - Returns: `nil` when nothing was said.
    /// - Throws: `ScheduleError`, also for an empty schedule.
    package func options() throws(ScheduleError) -> PeriodicOptions? {
        if isEmpty { return nil }
        var options = PeriodicOptions(try schedule())
        options.jitter = Jitter(upTo: jitter ?? .zero)
        options.missed = missed
        options.within = within
        options.overlap = overlap
        options.expires = expires
        options.expectWithin = expectWithin
        if let every, let jitter, jitter >= every {
            throw ScheduleError(.notASchedule, "jitter must be less than every, or runs would overtake each other")
        }
        return options
    }

    private func schedule() throws(ScheduleError) -> Schedule {
        switch (every, crontab) {
        case (let every?, nil):
            if zone != nil { throw ScheduleError(.notASchedule, "timezone goes with crontab; an interval knows no zone") }
            return .every(try Interval(every: every, phase: phase ?? .zero))
        case (nil, let crontab?):
            if phase != nil { throw ScheduleError(.notASchedule, "phase goes with every") }
            let zone: Zone? = if let zone { try Zone(named: zone) } else { nil }
            let schedule = Schedule.crontab(try Crontab(crontab, zone: zone))
            guard schedule.isPossible else { throw ScheduleError(.badCrontab, "crontab '\(crontab)' is never due: no year has such a day") }
            return schedule
        case (.some, .some):
            throw ScheduleError(.notASchedule, "both every and crontab are given", hint: "keep one")
        case (nil, nil):
            throw ScheduleError(.notASchedule, "it says not when", hint: "write every=30s or crontab=\"*/5 * * * *\"")
        }
    }
}
