import CeleryCore

/// The yearly rule of a zone, as a POSIX `TZ` text such as `CET-1CEST,M3.5.0,M10.5.0/3` says it.
struct ZoneRule: Sendable, Hashable {
    /// Seconds east of UTC in winter, or always.
    var standard: Int
    var summer: Summer?

    struct Summer: Sendable, Hashable {
        /// Seconds east of UTC in summer.
        var offset: Int
        /// When summer time begins, on clocks that show standard time.
        var start: YearlyMoment
        /// When it ends, on clocks that show summer time.
        var end: YearlyMoment
    }

    /// A moment of every year.
    struct YearlyMoment: Sendable, Hashable {
        enum Day: Sendable, Hashable {
            /// `Jn`, 1 to 365; 29 February is never counted.
            case withoutLeapDay(Int)
            /// `n`, 0 to 365; 29 February is counted.
            case ofYear(Int)
            /// `Mm.w.d`: the w-th weekday d (0 is Sunday) of month m; the fifth is the last.
            case weekday(month: Int, week: Int, weekday: Int)
        }
        var day: Day
        /// Seconds from midnight to the change: from -167 hours to 167 hours.
        var seconds: Int

        /// Seconds from the epoch to this moment of a year, both on the clock that shows it.
        func wallClock(year: Int) -> Int { days(year: year) * 86_400 + seconds }

        private func days(year: Int) -> Int {
            let newYear = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
            switch day {
            case .withoutLeapDay(let number):
                // The day after the leap day is the 60th of every year in this count.
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

    /// The stretch of unchanged offset that a moment lies in.
    func span(containing second: Int) -> ZoneSpan {
        guard let summer else { return ZoneSpan(start: ZoneSpan.always.start, end: ZoneSpan.always.end, offset: standard) }
        let year = CivilDate(daysSinceEpoch: second.flooredQuotient(by: 86_400)).year
        // A change may be a week and two days away from its year; two years on each side hold the changes next to `second`.
        // When summer ends at the moment the next begins, it goes on: beginnings are taken last.
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

/// Days of the week, counted from Sunday as 0.
enum Weekday {
    /// 1970-01-01 was a Thursday.
    static func of(daysSinceEpoch days: Int) -> Int {
        let weekday = (days + 4) % 7
        return weekday < 0 ? weekday + 7 : weekday
    }
}
