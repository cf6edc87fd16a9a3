extension TOMLReader {
    /// A line `[a.b]` or `[[a.b]]`.
    ///
    /// - Returns: the table that the following lines belong to.
    mutating func header(in root: TOMLTableDraft) throws(TOMLError) -> TOMLTableDraft {
        let start = index
        index += 1
        let isArray = skip(UInt8(ascii: "["))
        skipBlanks()
        guard current != UInt8(ascii: "]") else { throw failure(at: index, "a table needs a name between its brackets") }
        let path = try path()
        let closing = isArray ? "]]" : "]"
        for _ in 0..<closing.utf8.count {
            guard skip(UInt8(ascii: "]")) else {
                throw failure(at: index, "the name of a table must end with \(closing), not \(shown(at: index))")
            }
        }
        var table = root
        for (count, key) in path.dropLast().enumerated() {
            table = try parent(key, of: path.prefix(count + 1), in: table, at: start)
        }
        let key = path[path.count - 1]
        return try isArray
            ? newElement(of: path, key, in: table, at: start) : definedTable(path, key, in: table, at: start)
    }

    /// A table that a header passes on the way to its own.
    private mutating func parent(
        _ key: Key, of path: ArraySlice<Key>, in table: TOMLTableDraft, at start: Int
    ) throws(TOMLError) -> TOMLTableDraft {
        switch table[key.name] {
        case nil:
            let made = try newTable(.implied, in: table, at: start)
            table.add(key.name, .table(made), line: made.line)
            return made
        case let entry?:
            switch entry.content {
            case .table(let found) where found.origin != .inline: return found
            case .tables(let elements): return elements.tables[elements.tables.count - 1]
            case .table, .value: throw failure(at: key.place, "\(Self.shown(path)) has its value in line \(entry.line)")
            }
        }
    }

    private mutating func definedTable(
        _ path: [Key], _ key: Key, in table: TOMLTableDraft, at start: Int
    ) throws(TOMLError) -> TOMLTableDraft {
        guard let entry = table[key.name] else {
            let made = try newTable(.header, in: table, at: start)
            table.add(key.name, .table(made), line: made.line)
            return made
        }
        switch entry.content {
        case .table(let found) where found.origin == .implied:
            found.origin = .header
            found.line = line(at: start)
            return found
        case .table(let found) where found.origin != .inline:
            throw failure(at: key.place, "the table \(Self.shown(path)) is defined twice; the first time in line \(found.line)")
        case .tables:
            throw failure(at: key.place, "\(Self.shown(path)) is an array of tables since line \(entry.line); write [[ ]] to add one")
        case .table, .value: throw failure(at: key.place, "\(Self.shown(path)) has its value in line \(entry.line)")
        }
    }

    private mutating func newElement(
        of path: [Key], _ key: Key, in table: TOMLTableDraft, at start: Int
    ) throws(TOMLError) -> TOMLTableDraft {
        // One deeper than its array.
        guard table.depth + 2 <= Self.deepest else { throw tooDeep(at: start) }
        let made = TOMLTableDraft(.header, line: line(at: start), depth: table.depth + 2)
        switch table[key.name] {
        case nil: table.add(key.name, .tables(TOMLTableDraft.Elements(made)), line: made.line)
        case let entry?:
            guard case .tables(let elements) = entry.content else {
                throw failure(at: key.place, "\(Self.shown(path)) is no array of tables, but was defined in line \(entry.line)")
            }
            elements.tables.append(made)
        }
        return made
    }

    /// `a.b = value`, on a line or in an inline table.
    ///
    /// - Parameter section: the header or inline table that the assignment stands in.
    mutating func assignment(in table: TOMLTableDraft, section: Int) throws(TOMLError) {
        let path = try path()
        guard skip(UInt8(ascii: "=")) else {
            throw failure(at: index, "expected = and a value after the name \(Self.shown(path)), not \(shown(at: index))")
        }
        skipBlanks()
        let key = path[path.count - 1]
        // Counted before the value, as it may take several lines.
        let line = line(at: key.place)
        var table = table
        for (count, key) in path.dropLast().enumerated() {
            table = try dotted(key, of: path.prefix(count + 1), in: table, section: section)
        }
        if let entry = table[key.name] {
            throw failure(at: key.place, "\(Self.shown(path)) is set twice; the first time in line \(entry.line)")
        }
        table.add(key.name, try content(depth: table.depth + 1), line: line)
    }

    /// A table that a dotted name goes through.
    private mutating func dotted(
        _ key: Key, of path: ArraySlice<Key>, in table: TOMLTableDraft, section: Int
    ) throws(TOMLError) -> TOMLTableDraft {
        guard let entry = table[key.name] else {
            let made = try newTable(.dotted(section: section), in: table, at: key.place)
            table.add(key.name, .table(made), line: made.line)
            return made
        }
        guard case .table(let found) = entry.content, found.origin != .inline else {
            throw failure(at: key.place, "\(Self.shown(path)) has its value in line \(entry.line)")
        }
        if found.origin == .implied { found.origin = .dotted(section: section) }
        guard found.origin == .dotted(section: section) else {
            throw failure(at: key.place, "the table \(Self.shown(path)) is complete since line \(found.line); set it all in one place")
        }
        return found
    }

    private mutating func newTable(
        _ origin: TOMLTableDraft.Origin, in table: TOMLTableDraft, at place: Int
    ) throws(TOMLError) -> TOMLTableDraft {
        guard table.depth < Self.deepest else { throw tooDeep(at: place) }
        return TOMLTableDraft(origin, line: line(at: place), depth: table.depth + 1)
    }

    func tooDeep(at place: Int) -> TOMLError {
        failure(at: place, "tables and arrays may be nested \(Self.deepest) deep at most")
    }
}
