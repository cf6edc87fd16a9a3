import Glibc

/// Points in time as text: ISO 8601, `HH:MM`, `tomorrow 06:00`.
///
/// Times without a zone are local. `HH:MM` is the next time the clock shows it.
package struct TimeText: Sendable {
    /// The reference time for words and clock times.
    package let now: Timestamp

    package init(now: Timestamp = .now) { self.now = now }

    /// - Returns: `nil` for text that is not a time.
    package func parse(_ text: String) -> Timestamp? {
        let words = text.split(separator: " ")
        switch words.count {
        case 1:
            if words[0].lowercased() == "now" { return now }
            if let clock = clockTime(words[0]) { return next(clock) }
            if let offset = dayOffset(words[0]) { return local(daysFromToday: offset, (0, 0, 0)) }
        case 2:
            if let offset = dayOffset(words[0]), let clock = clockTime(words[1]) {
                return local(daysFromToday: offset, clock)
            }
        default: return nil
        }
        return isoTime(text)
    }

    private func dayOffset(_ word: Substring) -> Int32? {
        switch word.lowercased() {
        case "yesterday": -1
        case "today": 0
        case "tomorrow": 1
        default: nil
        }
    }

    /// `HH:MM` or `HH:MM:SS`.
    private func clockTime(_ word: Substring) -> (Int32, Int32, Int32)? {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, parts.allSatisfy({ (1...2).contains($0.count) }) else { return nil }
        let numbers = parts.compactMap { Int32($0) }
        guard numbers.count == parts.count, 0..<24 ~= numbers[0], 0..<60 ~= numbers[1] else { return nil }
        let seconds = numbers.count == 3 ? numbers[2] : 0
        return 0..<60 ~= seconds ? (numbers[0], numbers[1], seconds) : nil
    }

    private func next(_ clock: (Int32, Int32, Int32)) -> Timestamp? {
        guard let today = local(daysFromToday: 0, clock) else { return nil }
        return today > now ? today : local(daysFromToday: 1, clock)
    }

    /// A local time of day. The corresponding C functions are `localtime_r` and `mktime`.
    private func local(daysFromToday days: Int32, _ clock: (Int32, Int32, Int32)) -> Timestamp? {
        var seconds = time_t(now.seconds)
        var fields = tm()
        guard localtime_r(&seconds, &fields) != nil else { return nil }
        fields.tm_mday += days
        (fields.tm_hour, fields.tm_min, fields.tm_sec) = clock
        fields.tm_isdst = -1
        return Timestamp(seconds: Double(mktime(&fields)))
    }

    private func isoTime(_ text: String) -> Timestamp? { ISO8601.timestamp(text, naiveZone: .local) }
}
