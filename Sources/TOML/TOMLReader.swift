/// Reads a TOML 1.0 document (https://toml.io/en/v1.0.0) from the first byte to the last, once.
///
/// Time and memory grow in proportion to the document; its nesting is bounded, since reading and freeing nested
/// values recurses.
///
/// - `TOMLReader.swift`: lines and names
/// - `TOMLReader+Tables.swift`: what a header or a dotted name adds to which table
/// - `TOMLReader+Values.swift`: which kind of value it is, arrays, inline tables
/// - `TOMLReader+Text.swift`: the four kinds of strings
/// - `TOMLReader+Number.swift`, `TOMLReader+DateTime.swift`
struct TOMLReader {
    /// The deepest nesting of tables and arrays.
    static let deepest = 128

    let bytes: [UInt8]
    /// The byte to read next.
    var index = 0
    /// The line of the byte at `countedTo`.
    private var countedLine = 1
    private var countedTo = 0
    /// A number for each header and each inline table, since dotted names reach no further.
    private var section = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    func peek(_ distance: Int) -> UInt8? { index + distance < bytes.count ? bytes[index + distance] : nil }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        index += 1
        return true
    }

    mutating func skipBlanks() {
        while current == UInt8(ascii: " ") || current == UInt8(ascii: "\t") { index += 1 }
    }

    mutating func newSection() -> Int {
        section += 1
        return section
    }

    // MARK: Places

    /// The line of a byte that is not before one asked for earlier.
    mutating func line(at place: Int) -> Int {
        while countedTo < place {
            if bytes[countedTo] == UInt8(ascii: "\n") { countedLine += 1 }
            countedTo += 1
        }
        return countedLine
    }

    func failure(at place: Int, _ message: String) -> TOMLError {
        let before = bytes.prefix(place)
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return TOMLError(
            line: before.count { $0 == UInt8(ascii: "\n") } + 1,
            // Each scalar has one byte that continues no other.
            column: before[start...].count { $0 & 0xC0 != 0x80 } + 1, message)
    }

    /// The character at a place, for an error: `'x'`, `the end of the line`.
    func shown(at place: Int) -> String {
        guard place < bytes.count else { return "the end of the file" }
        switch bytes[place] {
        case UInt8(ascii: "\n"): return "the end of the line"
        case UInt8(ascii: "\r") where place + 1 < bytes.count && bytes[place + 1] == UInt8(ascii: "\n"):
            return "the end of the line"
        case UInt8(ascii: "\t"): return "a tab"
        case 0..<0x20, 0x7F: return "a control character"
        case let byte:
            let count = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            return "'\(String(decoding: bytes[place...].prefix(count), as: UTF8.self))'"
        }
    }

    // MARK: Lines

    mutating func document() throws(TOMLError) -> TOMLTable {
        try checkEncoding()
        let root = TOMLTableDraft(.header, line: 1, depth: 0)
        var table = root
        var firstHeaderLine: Int?
        var section = newSection()
        while true {
            skipBlanks()
            guard let byte = current else { return root.finished(firstHeaderLine: firstHeaderLine) }
            switch byte {
            case UInt8(ascii: "#"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): break
            case UInt8(ascii: "["):
                if firstHeaderLine == nil { firstHeaderLine = line(at: index) }
                table = try header(in: root)
                section = newSection()
            default: try assignment(in: table, section: section)
            }
            try endOfLine()
        }
    }

    /// UTF-8 throughout; a byte order mark is skipped.
    private mutating func checkEncoding() throws(TOMLError) {
        if String(validating: bytes, as: UTF8.self) == nil {
            // All of it is valid up to the first byte that a lenient reading replaces.
            let kept = zip(bytes, String(decoding: bytes, as: UTF8.self).utf8).prefix { $0 == $1 }.count
            throw failure(at: kept, "the text is not encoded in UTF-8")
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    /// What may follow on a line: a comment.
    private mutating func endOfLine() throws(TOMLError) {
        skipBlanks()
        try skipComment()
        guard index < bytes.count else { return }
        guard skipNewline() else { throw failure(at: index, "expected the end of the line, not \(shown(at: index))") }
    }

    mutating func skipNewline() -> Bool {
        if current == UInt8(ascii: "\r"), peek(1) == UInt8(ascii: "\n") { index += 1 }
        return skip(UInt8(ascii: "\n"))
    }

    /// A comment up to its line end, if there is one here.
    mutating func skipComment() throws(TOMLError) {
        guard skip(UInt8(ascii: "#")) else { return }
        while let byte = current, byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: "\r"), peek(1) == UInt8(ascii: "\n") { return }
            guard Self.isPrintable(byte) else { throw controlCharacter(in: "a comment") }
            index += 1
        }
    }

    /// Whether a byte may stand in a comment or text: no control character but the tab.
    static func isPrintable(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

    func controlCharacter(in place: String) -> TOMLError {
        let number = String(bytes[index], radix: 16, uppercase: true)
        return failure(at: index, "\(place) may not hold the control character U+\(number.count < 2 ? "000" : "00")\(number)")
    }

    // MARK: Names

    /// A part of a dotted name, and where it begins.
    struct Key {
        var name: String
        var place: Int
    }

    /// A dotted name, and the blanks behind it.
    mutating func path() throws(TOMLError) -> [Key] {
        var path: [Key] = []
        repeat {
            skipBlanks()
            let place = index
            path.append(Key(name: try name(), place: place))
            skipBlanks()
        } while skip(UInt8(ascii: "."))
        return path
    }

    private mutating func name() throws(TOMLError) -> String {
        switch current {
        case UInt8(ascii: "\"")?, UInt8(ascii: "'")?:
            guard peek(1) != current || peek(2) != current else {
                throw failure(at: index, "a name may not stand in three quotes")
            }
            return try text()
        default:
            let start = index
            while let byte = current, Self.isNameByte(byte) { index += 1 }
            guard index > start else {
                if let byte = current, byte >= 0x80 {
                    throw failure(at: index, "a name with \(shown(at: index)) needs quotes")
                }
                throw failure(at: index, "expected a name, not \(shown(at: index))")
            }
            return String(decoding: bytes[start..<index], as: UTF8.self)
        }
    }

    /// Whether a name may hold the byte without quotes.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    /// A dotted name for an error, in quotes and without control characters.
    static func shown(_ path: some Sequence<Key>) -> String {
        let text = path.map { key in
            let isBare = !key.name.isEmpty && key.name.utf8.allSatisfy(isNameByte)
            return isBare ? key.name : key.name.debugDescription
        }.joined(separator: ".")
        return text.unicodeScalars.count <= longestShown
            ? "'\(text)'" : "'\(String(text.unicodeScalars.prefix(longestShown)))...'"
    }

    private static let longestShown = 80
}
