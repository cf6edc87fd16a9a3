import CeleryCore

/// The yearly rule of a zone, as in a POSIX `TZ` string such as `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneRule: Sendable, Hashable {
    /// The offset of standard time in seconds east of UTC.
    var standard: Int
    var summer: Summer?

    struct Summer: Sendable, Hashable {
        /// The offset of daylight saving time in seconds east of UTC.
        var offset: Int
        /// When daylight saving time begins, on clocks that show standard time.
        var start: YearlyMoment
        /// When daylight saving time ends, on clocks that show daylight saving time.
        var end: YearlyMoment
    }

    /// A moment of every year.
    struct YearlyMoment: Sendable, Hashable {
        enum Day: Sendable, Hashable {
            /// `Jn`, 1 to 365: 29 February is not counted.
            case withoutLeapDay(Int)
            /// `n`, 0 to 365: 29 February is counted.
            case ofYear(Int)
            /// `Mm.w.d`: the w-th weekday d (0 is Sunday) of month m; w = 5 means the last.
            case weekday(month: Int, week: Int, weekday: Int)
        }
        var day: Day
        /// Seconds from midnight to the change, from -167 to 167 hours.
        var seconds: Int

        /// The wall-clock seconds from 1970-01-01 00:00 to this moment of a year.
        func wallClock(year: Int) -> Int { days(year: year) * 86_400 + seconds }

        private func days(year: Int) -> Int {
            let newYear = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
            switch day {
            case .withoutLeapDay(let number):
                // In this count, 1 March is day 60 of every year.
                return newYear + number - (number < 60 || CivilDate.length(ofMonth: 2, year: year) == 28 ? 1 : 0)
            case .ofYear(let number):
                return newYear + number
            case .weekday(let month, let week, let weekday):
                let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
                let length = CivilDate.length(ofMonth: month, year: year)
                var day = (weekday - Weekday.of(daysSinceEpoch: first) + 7) % 7 + (week - 1) * 7
                if day >= length { day -= 7 }
                return first + day
            }
        }
    }

    /// The span of constant offset that contains a time.
    func span(containing second: Int) -> ZoneSpan {
        guard let summer else { return ZoneSpan(start: ZoneSpan.always.start, end: ZoneSpan.always.end, offset: standard) }
        let year = CivilDate(daysSinceEpoch: second.flooredQuotient(by: 86_400)).year
        // A change can be up to nine days outside its year, so two years on each side contain the changes next to `second`.
        // If daylight saving time ends at the moment when the next one begins, it continues: starts are handled last.
        var changes: [(moment: Int, offset: Int)] = []
        for year in year - 2...year + 2 {
            changes.append((summer.end.wallClock(year: year) - summer.offset, standard))
            changes.append((summer.start.wallClock(year: year) - standard, summer.offset))
        }
        var span = ZoneSpan(start: ZoneSpan.always.start, end: ZoneSpan.always.end, offset: standard)
        for change in changes {
            if change.moment <= second, change.moment >= span.start {
                if change.moment > span.start || change.offset == summer.offset { span.offset = change.offset }
                span.start = change.moment
            }
            if change.moment > second { span.end = min(span.end, change.moment) }
        }
        return span
    }
}

/// Days of the week as numbers; Sunday is 0.
enum Weekday {
    /// 1970-01-01 was a Thursday.
    static func of(daysSinceEpoch days: Int) -> Int {
        let weekday = (days + 4) % 7
        return weekday < 0 ? weekday + 7 : weekday
    }
}
