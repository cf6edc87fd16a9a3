/// Finds on which line each top-level name of a TOML text stands.
///
/// The parser we use gives the place of its errors only. This scanner looks at no
/// more than where statements begin, and relies on the text being valid.
enum TOMLLines {
    /// The first line, counted from 1, of each setting and of each table by the first part of its name.
    static func find(in text: String) -> [String: Int] {
        var scanner = Scanner(bytes: Array(text.utf8))
        return scanner.run()
    }

    private struct Scanner {
        let bytes: [UInt8]
        var index = 0
        var line = 1
        var lines: [String: Int] = [:]
        var insideTable = false

        init(bytes: [UInt8]) { self.bytes = bytes }

        var current: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func advance() {
            if current == UInt8(ascii: "\n") { line += 1 }
            index += 1
        }

        mutating func run() -> [String: Int] {
            while let byte = current {
                switch byte {
                case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): advance()
                case UInt8(ascii: "#"): skipComment()
                case UInt8(ascii: "["):
                    while current == UInt8(ascii: "[") { advance() }
                    note(readName())
                    insideTable = true
                    skipStatement()
                default:
                    let start = line
                    let name = readName()
                    if !insideTable, lines[name] == nil { lines[name] = start }
                    skipStatement()
                }
            }
            return lines
        }

        mutating func note(_ name: String) {
            if lines[name] == nil { lines[name] = line }
        }

        /// The first part of a dotted name, without its quotes.
        mutating func readName() -> String {
            while current == UInt8(ascii: " ") || current == UInt8(ascii: "\t") { advance() }
            guard let quote = current, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
                let start = index
                while let byte = current, !" \t\r\n.=]".utf8.contains(byte) { advance() }
                return String(decoding: bytes[start..<index], as: UTF8.self)
            }
            advance()
            let start = index
            while let byte = current, byte != quote, byte != UInt8(ascii: "\n") { advance() }
            let name = String(decoding: bytes[start..<index], as: UTF8.self)
            if current == quote { advance() }
            return name
        }

        mutating func skipComment() {
            while let byte = current, byte != UInt8(ascii: "\n") { advance(); _ = byte }
        }

        /// To the end of the line that ends this statement.
        mutating func skipStatement() {
            var depth = 0
            while let byte = current {
                switch byte {
                case UInt8(ascii: "\n"):
                    advance()
                    if depth <= 0 { return }
                case UInt8(ascii: "["), UInt8(ascii: "{"):
                    depth += 1
                    advance()
                case UInt8(ascii: "]"), UInt8(ascii: "}"):
                    depth -= 1
                    advance()
                case UInt8(ascii: "#"): skipComment()
                case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString(byte)
                default: advance()
                }
            }
        }

        /// Over a string of any of the four sorts.
        mutating func skipString(_ quote: UInt8) {
            let isLong = bytes[index...].prefix(3).elementsEqual([quote, quote, quote])
            for _ in 0..<(isLong ? 3 : 1) { advance() }
            while let byte = current {
                if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                    advance()
                    if current != nil { advance() }
                } else if isLong, bytes[index...].prefix(3).elementsEqual([quote, quote, quote]) {
                    // Up to two quotes may stand right before the closing three.
                    while current == quote { advance() }
                    return
                } else if !isLong, byte == quote || byte == UInt8(ascii: "\n") {
                    if byte == quote { advance() }
                    return
                } else {
                    advance()
                }
            }
        }
    }
}
