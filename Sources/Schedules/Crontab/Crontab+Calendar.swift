import CeleryCore

/// Matching of calendar minutes, independent of zones. Moments here are wall-clock seconds since 1970-01-01 00:00.
extension Crontab {
    /// The start of the first matching minute at `wallClock` or later; nil if there is none within 400 years, after which the
    /// calendar repeats.
    func moment(from wallClock: Int) -> Int? {
        let start = (wallClock + 59).flooredQuotient(by: 60)
        let startDay = start.flooredQuotient(by: 1_440)
        let date = CivilDate(daysSinceEpoch: startDay)
        // First the rest of the current day, then whole days.
        let minutes = start - startDay * 1_440
        if month.contains(date.month), days(year: date.year, month: date.month) >> UInt32(date.day - 1) & 1 == 1,
            let minute = minuteOfDay(from: minutes)
        {
            return (startDay * 1_440 + minute) * 60
        }
        guard let day = day(after: date), let minute = minuteOfDay(from: 0) else { return nil }
        return (day.daysSinceEpoch * 1_440 + minute) * 60
    }

    /// The first matching minute of a day, at `minute` or later.
    private func minuteOfDay(from minute: Int) -> Int? {
        let (hours, minutes) = minute.quotientAndRemainder(dividingBy: 60)
        if hour.contains(hours), let found = self.minute.first(from: minutes) { return hours * 60 + found }
        guard let hour = hour.first(from: hours + 1), let found = self.minute.first(from: 0) else { return nil }
        return hour * 60 + found
    }

    /// The first matching date after `date`.
    private func day(after date: CivilDate) -> CivilDate? {
        var (year, month) = (date.year, date.month)
        // A mask of the later days of this month; empty after the 31st.
        var wanted = UInt32(truncatingIfNeeded: ~UInt64(0) << UInt64(date.day))
        let lastYear = date.year + 400
        while year <= lastYear {
            if self.month.contains(month) {
                let days = days(year: year, month: month) & wanted
                if days != 0 { return CivilDate(year: year, month: month, day: days.trailingZeroBitCount + 1) }
            }
            wanted = .max
            if let next = self.month.first(from: month + 1) {
                month = next
            } else {
                year += 1
                month = self.month.first(from: 1)!
            }
        }
        return nil
    }

    /// A mask of the matching days of a month; bit 0 is the first day.
    private func days(year: Int, month: Int) -> UInt32 {
        let length = CivilDate.length(ofMonth: month, year: year)
        let all = UInt32.max >> UInt32(32 - length)
        var byDate = UInt32(truncatingIfNeeded: dayOfMonth.values >> 1)
        if dayOfMonth.fromEnd != 0 {
            for days in 0..<length where dayOfMonth.fromEnd >> UInt32(days) & 1 == 1 { byDate |= 1 << UInt32(length - 1 - days) }
        }
        let byWeekday = weekdays(firstDay: Weekday.of(daysSinceEpoch: CivilDate(year: year, month: month, day: 1).daysSinceEpoch), length)
        // cron's rule: if both fields are restricted, one match is enough. `*/2` does not count as restricted.
        let either = !dayOfMonth.isWild && !dayOfWeek.isWild
        return (either ? byDate | byWeekday : byDate & byWeekday) & all
    }

    /// A mask of the days whose weekday matches, in a month that begins with the weekday `first`.
    private func weekdays(firstDay first: Int, _ length: Int) -> UInt32 {
        // Rotates the week so that bit 0 is the weekday of the first day, then repeats it.
        let week = (dayOfWeek.values | dayOfWeek.values << 7) >> UInt64(first) & 0x7F
        var days = UInt32(truncatingIfNeeded: week | week << 7 | week << 14 | week << 21 | week << 28)
        for (weekday, wanted) in dayOfWeek.occurrences.enumerated() where wanted != 0 {
            let earliest = (weekday - first + 7) % 7
            for number in 1...5 where wanted >> UInt8(number) & 1 == 1 {
                let day = earliest + (number - 1) * 7
                if day < length { days |= 1 << UInt32(day) }
            }
            if wanted & 1 == 1 { days |= 1 << UInt32(earliest + (length - 1 - earliest) / 7 * 7) }
        }
        return days
    }
}
