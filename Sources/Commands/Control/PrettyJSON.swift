import CeleryCore

/// Indented JSON with sorted members, like Python's `json.dumps(indent=4, sort_keys=True)`.
enum PrettyJSON {
    static func text(_ value: JSON, indent: Int = 0) -> String {
        let inner = String(repeating: " ", count: indent + 4)
        let outer = String(repeating: " ", count: indent)
        switch value {
        case .array(let elements) where !elements.isEmpty:
            return "[\n" + elements.map { inner + text($0, indent: indent + 4) }.joined(separator: ",\n") + "\n\(outer)]"
        case .object(let object) where !object.isEmpty:
            let members = object.members.sorted { $0.key < $1.key }.map { key, value in
                "\(inner)\(JSON.string(key).text(style: .python)): \(text(value, indent: indent + 4))"
            }
            return "{\n" + members.joined(separator: ",\n") + "\n\(outer)}"
        default: return value.text(style: .python)
        }
    }
}
