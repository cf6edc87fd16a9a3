/// A date, a time, or both, with or without an offset from UTC: the four kinds of TOML, which follow RFC 3339.
package struct TOMLDateTime: Sendable, Hashable, CustomStringConvertible {
    package struct Day: Sendable, Hashable {
        package var year: Int
        package var month: Int
        package var day: Int

        package init(year: Int, month: Int, day: Int) {
            self.year = year
            self.month = month
            self.day = day
        }
    }

    package struct Time: Sendable, Hashable {
        package var hour: Int
        package var minute: Int
        /// 60 in a leap second.
        package var second: Int
        /// Digits beyond the ninth are cut off, as TOML prescribes.
        package var nanosecond: Int

        package init(hour: Int, minute: Int, second: Int, nanosecond: Int) {
            self.hour = hour
            self.minute = minute
            self.second = second
            self.nanosecond = nanosecond
        }
    }

    package var day: Day?
    package var time: Time?
    /// Minutes east of UTC; `nil` for a local time. Only a day with a time has one.
    package var offset: Int?

    package init(day: Day? = nil, time: Time? = nil, offset: Int? = nil) {
        self.day = day
        self.time = time
        self.offset = offset
    }

    /// In the form of RFC 3339, with as many digits of the second as are needed.
    package var description: String {
        var text = day.map { "\(Self.padded($0.year, 4))-\(Self.padded($0.month))-\(Self.padded($0.day))" } ?? ""
        if let time {
            if day != nil { text += "T" }
            text += "\(Self.padded(time.hour)):\(Self.padded(time.minute)):\(Self.padded(time.second))"
            if time.nanosecond > 0 {
                var digits = Self.padded(time.nanosecond, 9)
                while digits.hasSuffix("0") { digits.removeLast() }
                text += ".\(digits)"
            }
        }
        if let offset {
            let sign = offset < 0 ? "-" : "+"
            text += offset == 0 ? "Z" : "\(sign)\(Self.padded(abs(offset) / 60)):\(Self.padded(abs(offset) % 60))"
        }
        return text
    }

    private static func padded(_ number: Int, _ width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
