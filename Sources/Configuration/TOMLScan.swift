/// What must be known of a TOML text before the parser may see it, and is lost after.
///
/// The parser we use gives the place of its errors only, so the lines of the settings are
/// found here. It also ends the process where it should report an error, on four mistakes
/// (assertions of toml++ in `parse_key`, `parse_value` and `parse_time`, which stay in release
/// builds). Those are found here too. No setting takes a date, so none is let through.
///
/// This is no parser: it looks at names, brackets, strings and comments, and is right up to
/// the first error of the text.
struct TOMLScan {
    /// The first line, counted from 1, of each table and setting, and of what their dotted names begin with;
    /// by the parts of the name with NULs between, which no name has. Names with escapes stand as written.
    private var places: [String: Int] = [:]
    /// The line of the first `[table]`; all that follows belongs to some table.
    private(set) var firstTable: Int?
    /// What the parser must not see.
    private(set) var defect: Defect?

    struct Defect: Equatable {
        var line: Int
        var message: String
    }

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1

    init(_ text: String) {
        bytes = Array(text.utf8)
        readStatements()
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func advance() {
        if current == UInt8(ascii: "\n") { line += 1 }
        index += 1
    }

    private mutating func skipBlanks() {
        while current == UInt8(ascii: " ") || current == UInt8(ascii: "\t") { advance() }
    }

    private mutating func complain(_ message: String) {
        if defect == nil { defect = Defect(line: line, message: message) }
    }

    /// The line of a setting, or else of the innermost table around it that is known; 0 when nothing is known.
    func line(of path: [String]) -> Int {
        for count in stride(from: path.count, to: 0, by: -1) {
            if let line = places[path.prefix(count).joined(separator: "\0")] { return line }
        }
        return 0
    }

    private mutating func readStatements() {
        var table: [String] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): advance()
            case UInt8(ascii: "#"): skipComment()
            case UInt8(ascii: "["):
                if firstTable == nil { firstTable = line }
                for _ in 0..<2 where current == byte { advance() }
                skipBlanks()
                if !isNameCharacter(current) { complain("the name of a table must follow [") }
                table = readPath(in: [])
                skipStatement()
            default:
                _ = readPath(in: table)
                skipStatement()
            }
        }
    }

    /// Reads a dotted name in `table`, and notes the line of each of its parts that is new.
    private mutating func readPath(in table: [String]) -> [String] {
        let start = line
        var path = table
        while true {
            path.append(readName())
            let place = path.joined(separator: "\0")
            if places[place] == nil { places[place] = start }
            skipBlanks()
            guard current == UInt8(ascii: ".") else { return path }
            advance()
            skipBlanks()
        }
    }

    /// Whether a name may begin so, bare or quoted.
    private func isNameCharacter(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return isTokenCharacter(byte) && !"+:.".utf8.contains(byte) || "\"'".utf8.contains(byte)
    }

    /// Whether a number, a date or a bare word may have this in it.
    private func isTokenCharacter(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "_-+:.".utf8.contains(byte)
    }

    /// One part of a dotted name, without its quotes.
    private mutating func readName() -> String {
        guard let quote = current, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            let start = index
            while let byte = current, !" \t\r\n.=]".utf8.contains(byte) { advance() }
            return String(decoding: bytes[start..<index], as: UTF8.self)
        }
        advance()
        let start = index
        while let byte = current, byte != quote, byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") { skipEscape() } else { advance() }
        }
        let name = String(decoding: bytes[start..<index], as: UTF8.self)
        if current == quote { advance() }
        return name
    }

    private mutating func skipComment() {
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
    }

    /// To the end of the line that ends this statement.
    private mutating func skipStatement() {
        var open: [UInt8] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\n"):
                advance()
                if open.isEmpty { return }
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                open.append(byte)
                advance()
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if byte == UInt8(ascii: "}"), open.last == UInt8(ascii: "[") { complain("a } closes no {") }
                _ = open.popLast()
                advance()
            case UInt8(ascii: "#"): skipComment()
            case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString(byte)
            case _ where isTokenCharacter(byte): skipToken()
            default: advance()
            }
        }
    }

    /// Over a number or a word; a date is a defect.
    private mutating func skipToken() {
        let start = index
        while let byte = current, isTokenCharacter(byte) {
            // A minus inside a number stands behind its exponent's letter only.
            let isInside = index > start && (0x30...0x39).contains(bytes[start])
            if isInside, byte == UInt8(ascii: "-"), !"eEpP".utf8.contains(bytes[index - 1]) {
                complain("dates are not used in settings; write one as text in quotes")
            }
            advance()
        }
    }

    /// Over a string of any of the four sorts.
    private mutating func skipString(_ quote: UInt8) {
        let isLong = isTriple(quote)
        for _ in 0..<(isLong ? 3 : 1) { advance() }
        while let byte = current {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                skipEscape()
            } else if isLong, isTriple(quote) {
                // Up to two quotes may stand right before the closing three.
                for _ in 0..<5 where current == quote { advance() }
                return
            } else if !isLong, byte == quote || byte == UInt8(ascii: "\n") {
                if byte == quote { advance() }
                return
            } else {
                advance()
            }
        }
    }

    /// Over a backslash and what it stands before. The parser would cut a text at a NUL.
    private mutating func skipEscape() {
        let escape = bytes[(index + 1)...].prefix(9)
        if escape.starts(with: "u0000".utf8) || escape.starts(with: "U00000000".utf8) {
            complain("a NUL is not allowed in a settings file")
        }
        advance()
        if current != nil { advance() }
    }

    private func isTriple(_ quote: UInt8) -> Bool { bytes[index...].prefix(3).elementsEqual([quote, quote, quote]) }
}
