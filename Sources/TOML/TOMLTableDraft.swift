/// A table while its document is being read.
///
/// How a table came to be decides what may be added to it later (TOML 1.0, "Table" and "Inline Table"):
///
///     implied   [a.b] implies a      a header [a] may define it, dotted names may add to it
///     header    [a] defines a        complete with its section, but deeper headers [a.b] may add tables
///     dotted    a.b = 1 makes a      only dotted names of the same section add values, deeper headers tables
///     inline    a = { b = 1 }        complete
final class TOMLTableDraft {
    enum Origin: Equatable {
        case implied, header, inline
        case dotted(section: Int)
    }

    enum Content {
        case value(TOMLValue)
        case table(TOMLTableDraft)
        /// An array of tables, made by `[[a]]`.
        case tables(Elements)
    }

    /// A class, as each header grows it in place.
    final class Elements {
        var tables: [TOMLTableDraft]

        init(_ first: TOMLTableDraft) { tables = [first] }
    }

    struct Entry {
        let name: String
        let line: Int
        let content: Content
    }

    var origin: Origin
    /// The line of the header or name that made it.
    var line: Int
    /// The number of tables and arrays around it.
    let depth: Int
    private(set) var entries: [Entry] = []
    private var places: [TOMLName: Int] = [:]

    init(_ origin: Origin, line: Int, depth: Int) {
        self.origin = origin
        self.line = line
        self.depth = depth
    }

    subscript(name: String) -> Entry? { places[TOMLName(name)].map { entries[$0] } }

    /// Adds a name that the table does not have.
    func add(_ name: String, _ content: Content, line: Int) {
        places[TOMLName(name)] = entries.count
        entries.append(Entry(name: name, line: line, content: content))
    }

    func finished(firstHeaderLine: Int? = nil) -> TOMLTable {
        let members = entries.map { entry in
            let value: TOMLValue =
                switch entry.content {
                case .value(let value): value
                case .table(let draft): .table(draft.finished())
                case .tables(let elements): .array(elements.tables.map { .table($0.finished()) })
                }
            return TOMLTable.Member(name: entry.name, value: value, line: entry.line)
        }
        return TOMLTable(members: members, places: places, firstHeaderLine: firstHeaderLine)
    }
}
