/// One line of a crontab, in bytes, as cron reads it. Blanks are space and tab.
struct CrontabLine {
    /// The line without leading blanks and without a final carriage return.
    private let bytes: ArraySlice<UInt8>

    init(_ line: [UInt8]) {
        var bytes = line.drop(while: Self.isBlank)
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        self.bytes = bytes
    }

    /// The line without blanks at its ends.
    var text: String { Self.text(Self.trimmed(bytes)) }

    /// Whether the line is blank or a comment. Comments cannot follow other text on a line.
    var isIgnored: Bool { bytes.isEmpty || bytes.first == UInt8(ascii: "#") }

    // MARK: Settings

    /// The setting `NAME = value`, each of them optionally quoted; nil for other lines.
    var setting: (name: String, value: String)? {
        var rest = bytes
        guard let name = Self.name(from: &rest) else { return nil }
        rest = rest.drop(while: Self.isBlank)
        guard rest.first == UInt8(ascii: "=") else { return nil }
        rest = rest.dropFirst().drop(while: Self.isBlank)
        guard let quote = rest.first, Self.isQuote(quote) else { return (Self.text(name), Self.text(Self.trimmed(rest))) }
        // Blanks within quotes are significant; only blanks may follow the closing quote.
        guard let end = rest.dropFirst().firstIndex(of: quote), rest[(end + 1)...].allSatisfy(Self.isBlank) else { return nil }
        return (Self.text(name), Self.text(rest[(rest.startIndex + 1)..<end]))
    }

    private static func name(from rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let name: ArraySlice<UInt8>
        if let quote = rest.first, isQuote(quote) {
            guard let end = rest.dropFirst().firstIndex(of: quote) else { return nil }
            name = rest[(rest.startIndex + 1)..<end]
            rest = rest[(end + 1)...]
        } else {
            name = rest.prefix { !isBlank($0) && $0 != UInt8(ascii: "=") }
            rest = rest[name.endIndex...]
        }
        return name.isEmpty ? nil : name
    }

    // MARK: Entries

    struct Parts {
        var schedule: String
        var user: String?
        var command: String
        var input: String?
    }

    /// Splits an entry into its parts.
    ///
    /// - Throws: `ScheduleError` with the code `badCrontab` if a part is missing.
    func parts(hasUser: Bool) throws(ScheduleError) -> Parts {
        var rest = bytes
        let wanted = bytes.first == UInt8(ascii: "@") ? 1 : 5
        var fields: [String] = []
        while fields.count < wanted, !rest.isEmpty { fields.append(Self.word(from: &rest)) }
        guard fields.count == wanted else {
            throw ScheduleError(
                .badCrontab, "the line has \(fields.count) of the five fields, and no command",
                hint: "a line is minute, hour, day of month, month, day of week and a command, or NAME=value")
        }
        let user = hasUser && !rest.isEmpty ? Self.word(from: &rest) : nil
        guard !rest.isEmpty else {
            throw ScheduleError(
                .badCrontab, "the line has no command", hint: hasUser ? "in a system crontab a user name precedes the command" : nil)
        }
        let (command, input) = Self.split(rest)
        guard !Self.trimmed(command[...]).isEmpty else { throw ScheduleError(.badCrontab, "the line has no command before the '%'") }
        return Parts(
            schedule: fields.joined(separator: " "), user: user, command: Self.text(command[...]),
            input: input.map { Self.text($0[...]) })
    }

    private static func word(from rest: inout ArraySlice<UInt8>) -> String {
        let word = rest.prefix { !isBlank($0) }
        rest = rest[word.endIndex...].drop(while: isBlank)
        return text(word)
    }

    /// Splits a command from its input at the first unescaped `%`, as ISC cron's `do_command.c` does.
    private static func split(_ line: ArraySlice<UInt8>) -> (command: [UInt8], input: [UInt8]?) {
        var parts: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in line {
            switch byte {
            case UInt8(ascii: "%") where isEscaped: parts[parts.count - 1][parts[parts.count - 1].count - 1] = byte
            // The first unescaped `%` separates; further ones become newlines.
            case UInt8(ascii: "%") where parts.count == 1: parts.append([])
            case UInt8(ascii: "%"): parts[1].append(UInt8(ascii: "\n"))
            default: parts[parts.count - 1].append(byte)
            }
            // An escaped backslash does not escape the next byte.
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        guard parts.count == 2 else { return (parts[0], nil) }
        if let last = parts[1].last, last != UInt8(ascii: "\n") { parts[1].append(UInt8(ascii: "\n")) }
        return (parts[0], parts[1])
    }

    // MARK: Bytes

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    private static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") }
    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes.drop(while: isBlank)
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return bytes
    }
}
