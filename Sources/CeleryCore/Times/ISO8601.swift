/// Times as ISO 8601 text, without Foundation's calendars.
package enum ISO8601 {
    /// The result of parsing.
    package struct Reading: Sendable, Equatable {
        package var time: Timestamp
        /// Whether the text had no offset from UTC.
        package var wasNaive: Bool
    }

    /// Parses a time; `nil` if the text is not one.
    package static func timestamp(_ text: String, naiveZone: NaiveZone = .utc) -> Timestamp? {
        read(text, naiveZone: naiveZone)?.time
    }

    /// Parses `YYYY-MM-DD`, alone or followed by `T` or a space, `HH:MM`, `:SS` and a fraction, then `Z`, an offset
    /// (`+02:00`, `+0200`, `+02`), or nothing.
    ///
    /// - Parameter naiveZone: The zone of a text without an offset.
    /// - Returns: `nil` for anything else, and for days and hours that do not exist.
    package static func read(_ text: String, naiveZone: NaiveZone = .utc) -> Reading? {
        // The longest useful form has 35 bytes; longer fractions add nothing.
        guard text.utf8.count <= 64 else { return nil }
        var text = text
        return text.withUTF8 { bytes in
            var scanner = ISO8601Scanner(bytes: bytes)
            return scanner.read(naiveZone: naiveZone)
        }
    }

    /// Writes a time in UTC as Python's `isoformat` does: `2026-11-22T17:50:28.017376+00:00`, without a zero fraction.
    ///
    /// Times beyond the years 1 to 9999 are clamped.
    package static func text(_ time: Timestamp) -> String {
        // 0001-01-01 and the last second of 9999; NaN becomes the epoch.
        let seconds = time.seconds.isNaN ? 0 : min(max(time.seconds, -62_135_596_800), 253_402_300_799)
        // Scale the fraction alone: scaling the whole would round twice.
        var wholeSeconds = Int(seconds.rounded(.down))
        var microseconds = Int(((seconds - seconds.rounded(.down)) * 1_000_000).rounded())
        if microseconds == 1_000_000 {
            wholeSeconds += 1
            microseconds = 0
        }
        let days = wholeSeconds.flooredQuotient(by: 86_400)
        let date = CivilDate(daysSinceEpoch: days)
        let secondOfDay = wholeSeconds - days * 86_400

        return String(unsafeUninitializedCapacity: 32) { buffer in
            var at = 0
            func put(_ byte: UInt8) { buffer[at] = byte; at += 1 }
            func put(_ value: Int, digits: Int) {
                var rest = value
                for place in stride(from: at + digits - 1, through: at, by: -1) {
                    buffer[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                at += digits
            }
            put(date.year, digits: 4)
            put(UInt8(ascii: "-"))
            put(date.month, digits: 2)
            put(UInt8(ascii: "-"))
            put(date.day, digits: 2)
            put(UInt8(ascii: "T"))
            put(secondOfDay / 3_600, digits: 2)
            put(UInt8(ascii: ":"))
            put(secondOfDay / 60 % 60, digits: 2)
            put(UInt8(ascii: ":"))
            put(secondOfDay % 60, digits: 2)
            if microseconds != 0 {
                put(UInt8(ascii: "."))
                put(microseconds, digits: 6)
            }
            for byte in "+00:00".utf8 { put(byte) }
            return at
        }
    }
}

extension ISO8601 {
    /// Writes a time in UTC as SQLAlchemy stores it in SQLite: `2026-11-22 17:50:28.017376`, always of the same length, so that
    /// texts compare as times do.
    package static func databaseText(_ time: Timestamp) -> String {
        var bytes = Array(text(time).utf8.dropLast("+00:00".utf8.count))
        bytes["YYYY-MM-DD".utf8.count] = UInt8(ascii: " ")
        if !bytes.contains(UInt8(ascii: ".")) { bytes += ".000000".utf8 }
        return String(decoding: bytes, as: UTF8.self)
    }
}
