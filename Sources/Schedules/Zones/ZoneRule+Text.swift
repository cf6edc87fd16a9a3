extension ZoneRule {
    /// Parses a POSIX `TZ` string with the extension of RFC 9636, 3.3.1: hours from -167 to 167.
    ///
    /// - Returns: nil for an invalid string.
    init?(_ text: some StringProtocol) {
        var scan = ZoneRuleScan(text)
        guard let rule = scan.rule() else { return nil }
        self = rule
    }
}

/// Parses a POSIX `TZ` string from left to right.
private struct ZoneRuleScan {
    private let bytes: [UInt8]
    private var position = 0

    /// Maximum length in bytes. The maximumLength rule of the database has 44 bytes.
    private static let maximumLength = 255

    init(_ text: some StringProtocol) { bytes = Array(text.utf8.prefix(Self.maximumLength + 1)) }

    mutating func rule() -> ZoneRule? {
        guard bytes.count <= Self.maximumLength, name(), let west = time(hours: 24) else { return nil }
        var rule = ZoneRule(standard: -west, summer: nil)
        if position == bytes.count { return rule }
        guard name() else { return nil }
        var offset = rule.standard + 3_600
        if let next = peek, next != UInt8(ascii: ",") {
            guard let west = time(hours: 24) else { return nil }
            offset = -west
        }
        if position == bytes.count {
            // In POSIX, the default rule is implementation-defined; the C library uses that of the United States.
            rule.summer = .init(
                offset: offset, start: .init(day: .weekday(month: 3, week: 2, weekday: 0), seconds: 7_200),
                end: .init(day: .weekday(month: 11, week: 1, weekday: 0), seconds: 7_200))
            return rule
        }
        guard take(","), let start = moment(), take(","), let end = moment(), position == bytes.count else { return nil }
        rule.summer = .init(offset: offset, start: start, end: end)
        return rule
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ letter: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: letter) else { return false }
        position += 1
        return true
    }

    /// Parses a name of at least three characters: letters (`CET`), or letters, digits and signs in angle brackets (`<+03>`).
    private mutating func name() -> Bool {
        let quoted = take("<")
        let start = position
        while let byte = peek, Self.isLetter(byte) || quoted && (Self.isDigit(byte) || byte == 0x2B || byte == 0x2D) { position += 1 }
        return position - start >= 3 && (!quoted || take(">"))
    }

    /// Parses `[+-]hh[:mm[:ss]]`. Returns seconds.
    private mutating func time(hours limit: Int) -> Int? {
        let sign = take("-") ? -1 : take("+") ? 1 : 1
        guard let hours = number(limit) else { return nil }
        var seconds = hours * 3_600
        for unit in [60, 1] where take(":") {
            guard let part = number(59) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    private mutating func number(_ limit: Int) -> Int? {
        let start = position
        var value = 0
        while let byte = peek, Self.isDigit(byte), position - start < 3 {
            value = value * 10 + Int(byte - 0x30)
            position += 1
        }
        return position > start && value <= limit ? value : nil
    }

    private mutating func moment() -> ZoneRule.YearlyMoment? {
        guard let day = day() else { return nil }
        // The default time is 02:00.
        guard take("/") else { return .init(day: day, seconds: 7_200) }
        return time(hours: 167).map { .init(day: day, seconds: $0) }
    }

    private mutating func day() -> ZoneRule.YearlyMoment.Day? {
        if take("J") {
            guard let day = number(365), day >= 1 else { return nil }
            return .withoutLeapDay(day)
        }
        guard take("M") else { return number(365).map { .ofYear($0) } }
        guard let month = number(12), month >= 1, take("."), let week = number(5), week >= 1, take("."), let weekday = number(6)
        else { return nil }
        return .weekday(month: month, week: week, weekday: weekday)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { 0x41...0x5A ~= byte & 0xDF }
    private static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }
}
