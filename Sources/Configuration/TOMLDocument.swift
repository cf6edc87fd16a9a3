import CeleryCore
internal import TOMLKit

/// The names, values and lines of a settings file.
struct TOMLDocument {
    struct Entry {
        var name: String
        var value: SettingsInput
        /// 0 when not known.
        var line: Int
    }

    /// By line.
    var entries: [Entry]
    /// The line of the first `[table]`.
    var firstTable: Int?
    private let scan: TOMLScan

    /// - Parameter shown: what the file is called in errors.
    init(_ text: String, shown: String) throws(SettingsError) {
        // The parser takes a C string: what follows a NUL would be ignored.
        if let place = text.utf8.firstIndex(of: 0) {
            let line = text.utf8[..<place].count { $0 == UInt8(ascii: "\n") } + 1
            throw SettingsError(.syntax, at: "\(shown):\(line)", "a NUL byte is not allowed in a settings file")
        }
        scan = TOMLScan(text)
        if let defect = scan.defect {
            throw SettingsError(.syntax, at: "\(shown):\(defect.line)", "not valid TOML: \(defect.message)")
        }
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw Self.syntaxError(error, in: text, shown: shown)
        } catch {
            throw SettingsError(.syntax, at: shown, "\(error)")
        }
        firstTable = scan.firstTable
        entries = []
        for name in table.keys {
            guard let value = table[name] else {
                throw SettingsError(.unknownSetting, at: shown, "the setting '\(name.forLog)' cannot be read")
            }
            entries.append(Entry(name: name, value: Self.input(value), line: scan.line(of: [name])))
        }
        entries.sort { ($0.line, $0.name) < ($1.line, $1.name) }
    }

    /// The line of a value by the names of the tables around it and its own, or else of what is around it.
    func line(of path: [String]) -> Int { scan.line(of: path) }

    private static func input(_ value: any TOMLValueConvertible) -> SettingsInput {
        switch value.type {
        case .string: value.string.map(SettingsInput.text) ?? .other("text")
        case .int: value.int.map(SettingsInput.whole) ?? .other("a number")
        case .double: value.double.map(SettingsInput.number) ?? .other("a number")
        case .bool: value.bool.map(SettingsInput.truth) ?? .other("true or false")
        case .array: .list(value.array?.map(input) ?? [])
        case .table: .table(value.table.map(members) ?? [])
        case .date, .time, .dateTime: .other("a date or time")
        }
    }

    private static func members(_ table: TOMLTable) -> [SettingsInput.Member] {
        table.keys.sorted().compactMap { name in
            table[name].map { SettingsInput.Member(name: name, value: input($0)) }
        }
    }

    private static func syntaxError(_ error: TOMLParseError, in text: String, shown: String) -> SettingsError {
        let line = error.source.begin.line
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let source = lines.indices.contains(line - 1) ? lines[line - 1] : ""
        let value = source.split(separator: "=", maxSplits: 1).dropFirst().first?.drop { $0 == " " } ?? ""
        // What a settings.py has and TOML has not.
        var hint: String?
        if value.hasPrefix("(") { hint = "a list is written in square brackets: [\"a\", \"b\"]" }
        if ["True", "False", "None"].contains(where: value.hasPrefix) { hint = "write true or false in small letters" }
        // The parser shows no more of the file than a character or two, so no password either.
        return SettingsError(
            .syntax, at: "\(shown):\(line)", "not valid TOML: \(error.description) (column \(error.source.begin.column))",
            hint: hint)
    }
}
