import CeleryCore

extension SettingsKind where Value == String {
    /// A name: text of one line that is not empty.
    static let name = SettingsKind(name: "text") { input throws(SettingsComplaint) in
        let name = try SettingsKind.text.read(input)
        guard !name.isEmpty else { throw SettingsComplaint("must not be empty") }
        guard name.forLog == name else {
            throw SettingsComplaint("must be up to 200 letters without control characters, not \"\(name.forLog)\"")
        }
        return name
    }
}

extension SettingsKind where Value == JSONObject {
    /// A table, as JSON.
    static let object = SettingsKind(name: "table") { input throws(SettingsComplaint) in
        guard case .table(let members) = input else {
            throw SettingsComplaint("must be a table such as { width = 100 }, not \(input.shown)")
        }
        var object = JSONObject()
        for member in members { object[member.name] = try member.value.argument() }
        return object
    }
}

extension SettingsKind where Value == [JSON] {
    /// A list of arbitrary values, as JSON.
    static let values = SettingsKind(name: "list") { input throws(SettingsComplaint) in
        guard case .list(let elements) = input else {
            throw SettingsComplaint("must be a list such as [\"a.jpg\", 100], not \(input.shown)")
        }
        var values: [JSON] = []
        for element in elements { values.append(try element.argument()) }
        return values
    }
}

extension SettingsInput {
    /// The value as an argument of a task.
    func argument() throws(SettingsComplaint) -> JSON {
        switch self {
        case .text(let text), .word(let text): return .string(text)
        case .whole(let number): return .int(Int64(number))
        case .number(let number, let text):
            // NaN and infinity are JSON only in Python's dialect, which not every task can read.
            guard number.isFinite else { throw SettingsComplaint("contains \(number), which is not a number in JSON") }
            return (try? JSON(parsing: text)) ?? .double(number)
        case .truth(let value): return .bool(value)
        case .list: return .array(try SettingsKind<[JSON]>.values.read(self))
        case .table: return .object(try SettingsKind<JSONObject>.object.read(self))
        case .other(let what): throw SettingsComplaint("contains \(what), which JSON does not have; write it as text in quotes")
        }
    }
}
