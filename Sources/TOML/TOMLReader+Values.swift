extension TOMLReader {
    /// What stands behind an equals sign.
    ///
    /// - Parameter depth: the number of tables and arrays around it.
    mutating func content(depth: Int) throws(TOMLError) -> TOMLTableDraft.Content {
        current == UInt8(ascii: "{") ? .table(try inlineTable(depth: depth)) : .value(try value(depth: depth))
    }

    private mutating func value(depth: Int) throws(TOMLError) -> TOMLValue {
        switch current {
        case UInt8(ascii: "\"")?, UInt8(ascii: "'")?:
            return .string(try peek(1) == current && peek(2) == current ? longText() : text())
        case UInt8(ascii: "[")?: return .array(try array(depth: depth))
        case UInt8(ascii: "{")?: return .table(try inlineTable(depth: depth).finished())
        default: return try word()
        }
    }

    private mutating func array(depth: Int) throws(TOMLError) -> [TOMLValue] {
        let start = index
        guard depth < Self.deepest else { throw tooDeep(at: start) }
        index += 1
        var elements: [TOMLValue] = []
        while true {
            try skipToElement()
            if skip(UInt8(ascii: "]")) { return elements }
            guard current != nil else { throw failure(at: start, "the array that begins here is not closed by ]") }
            elements.append(try value(depth: depth + 1))
            try skipToElement()
            guard !skip(UInt8(ascii: ",")) else { continue }
            guard current != nil else { throw failure(at: start, "the array that begins here is not closed by ]") }
            guard current == UInt8(ascii: "]") else {
                throw failure(at: index, "expected , or ] after a value of an array, not \(shown(at: index))")
            }
        }
    }

    /// Over blanks, comments and line ends.
    private mutating func skipToElement() throws(TOMLError) {
        repeat {
            skipBlanks()
            try skipComment()
        } while skipNewline()
    }

    private mutating func inlineTable(depth: Int) throws(TOMLError) -> TOMLTableDraft {
        guard depth < Self.deepest else { throw tooDeep(at: index) }
        let table = TOMLTableDraft(.inline, line: line(at: index), depth: depth)
        let section = newSection()
        index += 1
        skipBlanks()
        if skip(UInt8(ascii: "}")) { return table }
        while true {
            skipBlanks()
            if current == UInt8(ascii: "}") { throw failure(at: index, "an inline table may not end with a comma") }
            guard current != UInt8(ascii: "\n"), current != UInt8(ascii: "\r"), current != UInt8(ascii: "#") else { throw brokenLine() }
            try assignment(in: table, section: section)
            skipBlanks()
            if skip(UInt8(ascii: "}")) { return table }
            if skip(UInt8(ascii: ",")) { continue }
            guard current != UInt8(ascii: "\n"), current != UInt8(ascii: "\r"), current != UInt8(ascii: "#") else { throw brokenLine() }
            throw failure(at: index, "expected , or } after a value of an inline table, not \(shown(at: index))")
        }
    }

    private func brokenLine() -> TOMLError {
        failure(at: index, "an inline table must stand on one line; write [table] for a longer one")
    }

    /// A value without quotes or brackets: a number, a date, true or false.
    private mutating func word() throws(TOMLError) -> TOMLValue {
        let start = index
        while let byte = current, Self.isWordByte(byte) { index += 1 }
        let word = bytes[start..<index]
        guard let first = word.first else {
            switch current {
            case nil, UInt8(ascii: "\n")?, UInt8(ascii: "\r")?, UInt8(ascii: "#")?:
                throw failure(at: index, "expected a value, not \(current == UInt8(ascii: "#") ? "a comment" : shown(at: index))")
            case let byte? where byte >= 0x80: throw textWithoutQuotes(at: start)
            default: throw failure(at: index, "no value begins with \(shown(at: index))")
            }
        }
        if word.elementsEqual("true".utf8) { return .boolean(true) }
        if word.elementsEqual("false".utf8) { return .boolean(false) }
        if let dateTime = try dateTime(from: start) { return .dateTime(dateTime) }
        if Self.isDigit(first) || first == UInt8(ascii: "+") || first == UInt8(ascii: "-") || Self.isNotFinite(word) {
            return try number(word)
        }
        throw textWithoutQuotes(at: start)
    }

    private func textWithoutQuotes(at place: Int) -> TOMLError {
        failure(at: place, "expected a value; text must stand in quotes")
    }

    /// Whether a number, a date or a bare word may hold the byte.
    static func isWordByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x7A).contains(byte | 0x20) || "_-+:.".utf8.contains(byte)
    }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
