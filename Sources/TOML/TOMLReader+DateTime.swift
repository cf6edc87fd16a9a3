extension TOMLReader {
    /// A date, a time or both at a place; moves `index` behind it.
    ///
    /// - Returns: `nil` when neither begins there.
    mutating func dateTime(from start: Int) throws(TOMLError) -> TOMLDateTime? {
        let end = index
        index = start
        defer { if index == start { index = end } }
        var value = TOMLDateTime()
        if let year = number(of: 4), skip(UInt8(ascii: "-")) {
            value.day = try day(year: year, at: start)
            guard let separator = current else { return value }
            let hasTime = separator | 0x20 == UInt8(ascii: "t")
                || separator == UInt8(ascii: " ") && peek(1).map(Self.isDigit) ?? false
            guard hasTime else { return try checked(value, at: start) }
            index += 1
            guard let hour = number(of: 2), skip(UInt8(ascii: ":")) else { throw noTime(at: start) }
            value.time = try time(hour: hour, at: start)
            value.offset = try offset(at: start)
            return try checked(value, at: start)
        }
        index = start
        if let hour = number(of: 2), skip(UInt8(ascii: ":")) {
            value.time = try time(hour: hour, at: start)
            return try checked(value, at: start)
        }
        index = start
        return nil
    }

    /// A value ends where its last part does.
    private func checked(_ value: TOMLDateTime, at start: Int) throws(TOMLError) -> TOMLDateTime {
        guard let byte = current, Self.isWordByte(byte) else { return value }
        throw failure(at: index, "a date or time may not be followed by \(shown(at: index))")
    }

    /// Exactly so many digits.
    private mutating func number(of count: Int) -> Int? {
        guard index + count <= bytes.count, bytes[index..<(index + count)].allSatisfy(Self.isDigit) else { return nil }
        defer { index += count }
        return bytes[index..<(index + count)].reduce(0) { 10 * $0 + Int($1 - 0x30) }
    }

    private mutating func day(year: Int, at start: Int) throws(TOMLError) -> TOMLDateTime.Day {
        guard let month = number(of: 2), skip(UInt8(ascii: "-")), let day = number(of: 2) else {
            throw failure(at: start, "a date is written YYYY-MM-DD; write text in quotes")
        }
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), (1...days[month - 1]).contains(day) else {
            throw failure(at: start, "the calendar has no such date")
        }
        return TOMLDateTime.Day(year: year, month: month, day: day)
    }

    private mutating func time(hour: Int, at start: Int) throws(TOMLError) -> TOMLDateTime.Time {
        guard let minute = number(of: 2), skip(UInt8(ascii: ":")), let second = number(of: 2) else { throw noTime(at: start) }
        // A leap second is the sixty-first.
        guard hour < 24, minute < 60, second <= 60 else { throw failure(at: start, "no clock shows such a time") }
        var nanosecond = 0
        if skip(UInt8(ascii: ".")) {
            let first = index
            while let byte = current, Self.isDigit(byte) { index += 1 }
            guard index > first else { throw failure(at: start, "digits must follow the point of a second") }
            let digits = bytes[first..<index].prefix(9)
            nanosecond = digits.reduce(0) { 10 * $0 + Int($1 - 0x30) }
            for _ in digits.count..<9 { nanosecond *= 10 }
        }
        return TOMLDateTime.Time(hour: hour, minute: minute, second: second, nanosecond: nanosecond)
    }

    private func noTime(at start: Int) -> TOMLError {
        failure(at: start, "a time is written HH:MM:SS; write text in quotes")
    }

    /// `Z`, or hours and minutes east or west of UTC.
    private mutating func offset(at start: Int) throws(TOMLError) -> Int? {
        guard let sign = current else { return nil }
        switch sign {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            index += 1
            return 0
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            index += 1
            guard let hours = number(of: 2), skip(UInt8(ascii: ":")), let minutes = number(of: 2) else {
                throw failure(at: start, "an offset from UTC is written +HH:MM or Z")
            }
            guard hours < 24, minutes < 60 else { throw failure(at: start, "no offset from UTC is that large") }
            return (sign == UInt8(ascii: "-") ? -1 : 1) * (60 * hours + minutes)
        default: return nil
        }
    }
}
