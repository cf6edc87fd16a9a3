import CeleryCore
import TOML

/// The names, values and lines of a settings file.
struct TOMLDocument {
    struct Entry {
        var name: String
        var value: SettingsInput
        var line: Int
    }

    /// The entries in the order of their lines.
    let entries: [Entry]
    /// The line of the first `[table]`.
    let firstTable: Int?
    private let table: TOMLTable

    /// - Parameter shown: the name of the file in errors.
    init(_ text: String, shown: String) throws(SettingsError) {
        do throws(TOMLError) {
            table = try TOMLTable(parsing: [UInt8](text.utf8))
        } catch {
            throw Self.syntaxError(error, in: text, shown: shown)
        }
        if let line = Self.lineOfNUL(in: table) {
            throw SettingsError(.syntax, at: "\(shown):\(line)", "a NUL is not allowed in a settings file")
        }
        firstTable = table.firstHeaderLine
        entries = table.members.map { Entry(name: $0.name, value: Self.input($0.value), line: $0.line) }
            .sorted { ($0.line, $0.name) < ($1.line, $1.name) }
    }

    /// The line of the value at a path of names, or else of the innermost table on the path that the file has;
    /// 0 if there is none.
    func line(of path: [String]) -> Int {
        var line = 0
        var table: TOMLTable? = table
        for name in path {
            guard let member = table?[name] else { break }
            line = member.line
            table = if case .table(let inner) = member.value { inner } else { nil }
        }
        return line
    }

    private static func input(_ value: TOMLValue) -> SettingsInput {
        switch value {
        case .string(let text): .text(text)
        case .integer(let number): .whole(Int(number))
        case .float(let number, let text): .number(number, text: text)
        case .boolean(let value): .truth(value)
        case .array(let elements): .list(elements.map(input))
        case .table(let table):
            .table(table.members.map { SettingsInput.Member(name: $0.name, value: input($0.value)) }.sorted { $0.name < $1.name })
        case .dateTime: .other("a date or time")
        }
    }

    /// The line of the first name or text that contains a NUL. TOML permits an escaped NUL, but C would truncate
    /// paths and host names there.
    private static func lineOfNUL(in table: TOMLTable) -> Int? {
        table.members.first { $0.name.utf8.contains(0) || holdsNUL($0.value) }.map { member in
            if case .table(let inner) = member.value, !member.name.utf8.contains(0) { return lineOfNUL(in: inner) ?? member.line }
            return member.line
        }
    }

    private static func holdsNUL(_ value: TOMLValue) -> Bool {
        switch value {
        case .string(let text): text.utf8.contains(0)
        case .array(let elements): elements.contains(where: holdsNUL)
        case .table(let table): lineOfNUL(in: table) != nil
        case .integer, .float, .boolean, .dateTime: false
        }
    }

    private static func syntaxError(_ error: TOMLError, in text: String, shown: String) -> SettingsError {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let source = lines.indices.contains(error.line - 1) ? String(lines[error.line - 1]) ?? "" : ""
        let value = source.split(separator: "=", maxSplits: 1).dropFirst().first?.drop { $0 == " " } ?? ""
        // Python syntax, as in a settings.py.
        var hint: String?
        if value.hasPrefix("(") { hint = "a list is written in square brackets: [\"a\", \"b\"]" }
        if ["True", "False", "None"].contains(where: value.hasPrefix) { hint = "write true or false in lower case" }
        return SettingsError(
            .syntax, at: "\(shown):\(error.line)", "not valid TOML: \(error.message) (column \(error.column))", hint: hint)
    }
}
