package import CeleryCore

extension ResolvedSettings {
    /// Replaces secret values, as in Python's workers.
    private static let hidden = "********"
    /// Python Celery's rule: settings with one of these words in their name are secret.
    private static let secretWords = ["API", "TOKEN", "SECRET", "PASS", "SIGNATURE"]

    /// The settings by name as written, without passwords and the values of names in CELERY_REDACT: a worker's reply to `inspect conf`.
    ///
    /// - Parameter withDefaults: whether to include settings that are not given.
    package func shown(withDefaults: Bool) -> JSONObject {
        var members: [(String, JSON)] = []
        let redaction = settings.redaction
        for key in SettingsKey.all.sorted(by: { $0.name < $1.name }) {
            if Self.isSecret(key.name) || redaction.hides(key.name), inputs[key.name] != nil {
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

    private static func isSecret(_ name: String) -> Bool {
        let name = name.uppercased()
        return secretWords.contains { name.contains(text: $0) }
    }

    /// The value with passwords in URLs and in tables hidden.
    private static func masked(_ value: JSON) -> JSON {
        switch value {
        case .array(let elements): return .array(elements.map(masked))
        case .object(let object): return .object(JSONObject(object.members.map { ($0.key, isSecret($0.key) ? .string(hidden) : masked($0.value)) }))
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
        case .number(let number, _): .double(number)
        case .truth(let value): .bool(value)
        case .list(let elements): .array(elements.map(\.json))
        case .table(let members): .object(JSONObject(members.map { ($0.name, $0.value.json) }))
        }
    }
}
