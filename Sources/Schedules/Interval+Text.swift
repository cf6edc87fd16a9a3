import CeleryCore

extension Interval: CustomStringConvertible {
    /// `every 30s` or `every 1d phase 6h`, as `Schedule` parses it.
    public var description: String {
        let every = "every \(Self.text(milliseconds: periodMilliseconds))"
        return phaseMilliseconds == 0 ? every : "\(every) phase \(Self.text(milliseconds: phaseMilliseconds))"
    }

    /// Parses `every 30s`, `every 1d phase 6h`, the same with `@every`, or a duration alone: `30s`.
    ///
    /// - Throws: `ScheduleError` with the code `badInterval`.
    package init(_ text: String) throws(ScheduleError) {
        var words = text.split(whereSeparator: \.isWhitespace).map { $0.lowercased() }
        if let first = words.first, first == "every" || first == "@every" { words.removeFirst() }
        guard words.count == 1 || words.count == 3 && words[1] == "phase" else {
            throw ScheduleError(
                .badInterval, "'\(Quoted(text))' is not an interval", hint: "write for instance 'every 30s', or 'every 1d phase 6h'")
        }
        let period = try Self.length(words[0])
        let phase = words.count == 3 ? try Self.length(words[2]) : .zero
        try self.init(every: period, phase: phase)
    }

    private static func length(_ word: String) throws(ScheduleError) -> Duration {
        guard let seconds = DurationText.seconds(word) else {
            throw ScheduleError(
                .badInterval, "'\(Quoted(word))' is not a length of time", hint: "write for instance 90s, 10m, 1.5h or 1d")
        }
        return .seconds(seconds)
    }

    /// A duration as `DurationText` parses it, in the largest unit that needs no fraction.
    static func text(milliseconds: Int) -> String {
        for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)]
        where milliseconds != 0 && milliseconds.isMultiple(of: length) {
            return "\(milliseconds / length)\(unit)"
        }
        guard milliseconds != 0 else { return "0s" }
        let (whole, rest) = abs(milliseconds).quotientAndRemainder(dividingBy: 1_000)
        var digits = String(rest + 1_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(milliseconds < 0 ? "-" : "")\(whole).\(digits)s"
    }
}
