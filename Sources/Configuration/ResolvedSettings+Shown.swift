package import CeleryCore

extension ResolvedSettings {
    /// Stands for what nobody is to see, as with Python's workers.
    private static let hidden = "********"
    /// Names with one of these in them are of secrets, by the rule of Python's Celery.
    private static let secretWords = ["API", "TOKEN", "SECRET", "PASS", "SIGNATURE"]

    /// The settings by name as they were written, for somebody who asks a worker. Passwords are not among them.
    ///
    /// - Parameter withDefaults: also those of which nothing is said.
    package func shown(withDefaults: Bool) -> JSONObject {
        var members: [(String, JSON)] = []
        for key in SettingsKey.all.sorted(by: { $0.name < $1.name }) {
            if Self.isSecret(key.name), inputs[key.name] != nil {
                members.append((key.name, .string(Self.hidden)))
            } else if let input = inputs[key.name] {
                members.append((key.name, Self.masked(input.json)))
            } else if withDefaults {
                let text = key.defaultText ?? "null"
                members.append((key.name, (try? JSON(parsing: Array(text.utf8))) ?? .string(text)))
            }
        }
        return JSONObject(members)
    }

    private static func isSecret(_ name: String) -> Bool { secretWords.contains { name.contains(text: $0) } }

    /// The value with the passwords of its URLs hidden.
    private static func masked(_ value: JSON) -> JSON {
        switch value {
        case .array(let elements): return .array(elements.map(masked))
        case .object(let object): return .object(JSONObject(object.members.map { ($0.key, masked($0.value)) }))
        default: break
        }
        guard case .string(let text) = value else { return value }
        guard text.contains(text: "://"), let urls = try? ServiceURL.alternatives(text) else { return .string(ServiceURL.redact(within: text)) }
        return .string(
            urls.map { url in
                url.redacted.replacing(text: ":***@", with: ":\(hidden)@")
            }.joined(separator: ";"))
    }
}

extension SettingsInput {
    /// The value as JSON.
    fileprivate var json: JSON {
        switch self {
        case .text(let text), .word(let text), .other(let text): .string(text)
        case .whole(let number): .int(Int64(number))
        case .number(let number): .double(number)
        case .truth(let value): .bool(value)
        case .list(let elements): .array(elements.map(\.json))
        case .table(let members): .object(JSONObject(members.map { ($0.name, $0.value.json) }))
        }
    }
}
