import CeleryCore

extension CrontabField {
    /// Parses a field: numbers, names, ranges, steps and lists, as in crontab(5), and `?`, `L` and `#`.
    ///
    /// - Throws: `ScheduleError` with the code `badField` that names the field, the text and the allowed values.
    init(_ text: some StringProtocol, _ kind: Kind) throws(ScheduleError) {
        // 200 bytes are enough for a list of all 60 minutes.
        guard text.utf8.count <= 200 else {
            throw ScheduleError(.badField, "the \(kind.name) field is too long: '\(Quoted(text))'")
        }
        let lowered = text.lowercased()
        self.init(text: lowered, isWild: lowered.first == "*" || lowered.first == "?")
        for part in lowered.split(separator: ",", omittingEmptySubsequences: false) {
            try add(CrontabPart(text: part, kind: kind))
        }
    }

    private mutating func add(_ part: CrontabPart) throws(ScheduleError) {
        switch try part.meaning() {
        case .numbers(let first, let last, let step):
            for number in stride(from: first, through: last, by: step) {
                values |= 1 << UInt64(part.kind == .dayOfWeek ? number % 7 : number)
            }
        case .daysFromEnd(let days):
            fromEnd |= 1 << UInt32(days)
        case .occurrence(let number, let weekday):
            if occurrences.isEmpty { occurrences = [UInt8](repeating: 0, count: 7) }
            occurrences[weekday] |= 1 << UInt8(number)
        }
    }
}

/// One element of a field's list.
struct CrontabPart {
    var text: Substring
    var kind: CrontabField.Kind

    enum Meaning {
        case numbers(Int, through: Int, step: Int)
        case daysFromEnd(Int)
        /// The n-th such weekday of a month; 0 means the last.
        case occurrence(Int, weekday: Int)
    }

    /// - Throws: `ScheduleError` with the code `badField`.
    func meaning() throws(ScheduleError) -> Meaning {
        if text.isEmpty { throw complaint("is empty", about: text) }
        if let day = try monthEnd() { return day }
        if let weekday = try weekdayOfMonth() { return weekday }
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let step = halves.count == 2 ? try stepWidth(halves[1]) : nil
        let span = halves[0]
        if span == "*" || span == "?" {
            return .numbers(kind.numbers.lowerBound, through: kind.numbers.upperBound, step: step ?? 1)
        }
        let ends = span.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let first = try number(ends[0])
        guard ends.count == 2 else {
            // `5/15` means from 5 to the maximum.
            return .numbers(first, through: step == nil ? first : max(first, kind.numbers.upperBound), step: step ?? 1)
        }
        var last = try number(ends[1])
        // Sunday can be the end of a range: sat-sun.
        if kind == .dayOfWeek, last == 0, first > 0, ends[1].first == "s" { last = 7 }
        guard first <= last else { throw backwards(first, last, step) }
        return .numbers(first, through: last, step: step ?? 1)
    }

    /// Parses `L` or `L-3`.
    private func monthEnd() throws(ScheduleError) -> Meaning? {
        guard kind == .dayOfMonth, text.first == "l" else { return nil }
        if text == "l" { return .daysFromEnd(0) }
        guard text.hasPrefix("l-"), let days = Self.digits(text.dropFirst(2)), 1...30 ~= days else {
            throw complaint("is not a day", about: text, hint: "write L for the last day of the month, L-3 for three days before it")
        }
        return .daysFromEnd(days)
    }

    /// Parses `5L`, `friL` or `mon#2`.
    private func weekdayOfMonth() throws(ScheduleError) -> Meaning? {
        guard kind == .dayOfWeek else { return nil }
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard let number = Self.digits(parts[1]), 1...5 ~= number else {
                throw complaint("is not a weekday of a month", about: text, hint: "after '#' write 1 to 5, or friL for the last Friday")
            }
            return .occurrence(number, weekday: try self.number(parts[0]) % 7)
        }
        guard text.last == "l" else { return nil }
        guard text.count > 1 else {
            throw complaint("is not a day of the week", about: text, hint: "write friL for the last Friday of a month, sat for Saturday")
        }
        return .occurrence(0, weekday: try number(text.dropLast()) % 7)
    }

    private func stepWidth(_ digits: Substring) throws(ScheduleError) -> Int {
        guard let step = Self.digits(digits), step > 0 else {
            throw complaint("has an invalid step", about: text, hint: "after '/' write a number from 1 to \(kind.numbers.count)")
        }
        // cron treats */90 as "once an hour", which is never intended.
        guard step <= kind.numbers.count else {
            let hint = kind == .minute && text.hasPrefix("*/") ? "; for every \(step) minutes write the interval \(step)m" : ""
            throw complaint("has too large a step", about: text, hint: "steps are at most \(kind.numbers.count)\(hint)")
        }
        return step
    }

    private func number(_ word: Substring) throws(ScheduleError) -> Int {
        if let number = Self.digits(word) {
            guard kind.written ~= number else { throw complaint("is not allowed", about: word, hint: "allowed: \(kind.allowed)") }
            return number
        }
        for (index, name) in kind.names.enumerated() where word == name || word == name.prefix(3) {
            return kind.numbers.lowerBound + index
        }
        let names = kind.names.flatMap { [String($0.prefix(3)), $0] }
        if let near = NearestName.suggest(String(word.prefix(20)), among: names) {
            throw complaint("is not allowed", about: word, hint: "did you mean '\(near)'?")
        }
        throw complaint(word.isEmpty ? "lacks a number" : "is not allowed", about: word.isEmpty ? text : word, hint: "allowed: \(kind.allowed)")
    }

    /// The error for `22-2`, which every cron rejects. The hint suggests the two ranges that were probably meant.
    private func backwards(_ first: Int, _ last: Int, _ step: Int?) -> ScheduleError {
        let end = kind.numbers.upperBound
        let start = kind.numbers.lowerBound
        let upper = first >= end ? "\(first)" : "\(first)-\(end)"
        let lower = last <= start ? "\(last)" : "\(start)-\(last)"
        return complaint("runs backwards", about: text, hint: step == nil ? "write \(upper),\(lower)" : nil)
    }

    private func complaint(_ problem: String, about word: Substring, hint: String? = nil) -> ScheduleError {
        if word.isEmpty { return ScheduleError(.badField, "the \(kind.name) field has an empty part", hint: "allowed: \(kind.allowed)") }
        return ScheduleError(.badField, "'\(Quoted(word))' in the \(kind.name) field \(problem)", hint: hint)
    }

    /// Parses a number of one to four digits, without a sign.
    private static func digits(_ text: Substring) -> Int? {
        guard 1...4 ~= text.utf8.count, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int(text)
    }
}
