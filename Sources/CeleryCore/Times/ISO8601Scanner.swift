/// Scans the bytes of an ISO 8601 text.
package struct ISO8601Scanner {
    let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// A scanner at the beginning of a text, which must outlive the scanner.
    package init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Reads the whole text.
    package mutating func read(naiveZone: NaiveZone) -> ISO8601.Reading? {
        guard let date = date() else { return nil }
        var wallClock = date.daysSinceEpoch * 86_400
        var fraction = 0.0
        var offset: Int?
        if position < bytes.count {
            guard separator(), let time = timeOfDay() else { return nil }
            wallClock += time.seconds
            fraction = time.fraction
            if position < bytes.count {
                guard let seconds = self.offset() else { return nil }
                offset = seconds
            }
        }
        guard position == bytes.count else { return nil }
        let seconds = offset.map { wallClock - $0 } ?? naiveZone.secondsSinceEpoch(wallClock: wallClock)
        return ISO8601.Reading(time: Timestamp(seconds: Double(seconds) + fraction), wasNaive: offset == nil)
    }

    /// Whether the scanner has reached the end.
    package var isAtEnd: Bool { position == bytes.count }

    /// Reads the separator between date and time.
    package mutating func separator() -> Bool { take("T") || take(" ") || take("t") }

    /// Reads `YYYY-MM-DD`; `nil` for a day that does not exist.
    package mutating func date() -> CivilDate? {
        guard let year = number(digits: 4), take("-"), let month = number(digits: 2), take("-"),
            let day = number(digits: 2)
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        return date.exists ? date : nil
    }

    /// Reads `HH:MM`, and seconds and a fraction if present.
    package mutating func timeOfDay() -> (seconds: Int, fraction: Double)? {
        guard let hour = number(digits: 2), hour < 24, take(":"), let minute = number(digits: 2), minute < 60 else {
            return nil
        }
        let minutes = (hour * 60 + minute) * 60
        guard take(":") else { return (minutes, 0) }
        guard let second = number(digits: 2), second < 60 else { return nil }
        guard take(".") || take(",") else { return (minutes + second, 0) }
        guard let fraction = fraction() else { return nil }
        return (minutes + second, fraction)
    }

    /// Reads the digits after the point; digits beyond nanoseconds are dropped.
    private mutating func fraction() -> Double? {
        let start = position
        var value = 0
        var scale = 1
        while let digit = digit() {
            if scale < 1_000_000_000 {
                value = value * 10 + digit
                scale *= 10
            }
        }
        return position > start ? Double(value) / Double(scale) : nil
    }

    /// Reads `Z` or an offset, as seconds east of UTC.
    package mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let sign: Int
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = number(digits: 2), hours < 24 else { return nil }
        if position == bytes.count { return sign * hours * 3_600 }
        let hasColon = take(":")
        guard let minutes = number(digits: 2), minutes < 60 else { return nil }
        // Python writes seconds for some zones of the 19th century.
        var seconds = 0
        if hasColon, take(":") {
            guard let value = number(digits: 2), value < 60 else { return nil }
            seconds = value
        }
        return sign * ((hours * 60 + minutes) * 60 + seconds)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func digit() -> Int? {
        guard position < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[position] else { return nil }
        position += 1
        return Int(bytes[position - 1] - UInt8(ascii: "0"))
    }

    private mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }
}
