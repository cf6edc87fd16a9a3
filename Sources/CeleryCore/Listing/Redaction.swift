/// Hides the values of arguments whose names tell that they are secret, where they are shown. Messages and kept arguments are not
/// changed, so that a task can be sent again.
package struct Redaction: Sendable, Equatable {
    /// Parts of names, in lower case.
    private let parts: [String]

    /// What is redacted if nothing else is set.
    package static let defaultParts = ["password", "passwd", "secret", "token", "api_key", "apikey", "credential", "authorization", "cookie"]
    /// What stands for a hidden value.
    package static let mark = "***"

    /// - Parameter parts: A name that contains one of these, in any case and with `-` for `_`, is secret.
    package init(_ parts: [String] = defaultParts) { self.parts = parts.map(Self.plain).filter { !$0.isEmpty } }

    /// Whether the value of this name is hidden.
    package func hides(_ name: some StringProtocol) -> Bool {
        let name = Self.plain(String(name))
        return parts.contains { name.contains(text: $0) }
    }

    /// Arguments with hidden values: of keyword arguments, of members of objects, of `NAME=VALUE` and `--NAME=VALUE`, and the word
    /// after `--NAME`.
    package func applied(args: [JSON], kwargs: JSONObject) -> (args: [JSON], kwargs: JSONObject) {
        var follows = false
        let args = args.map { value in
            let isHidden = follows
            follows = value.stringValue.map { $0.hasPrefix("-") && !$0.contains("=") && hides($0) } ?? false
            return isHidden ? .string(Self.mark) : applied(to: value)
        }
        return (args, applied(to: kwargs))
    }

    /// A value with hidden parts.
    package func applied(to value: JSON) -> JSON {
        switch value {
        case .object(let object): .object(applied(to: object))
        case .array(let elements): .array(elements.map(applied))
        case .string(let text): .string(applied(to: text))
        default: value
        }
    }

    private func applied(to object: JSONObject) -> JSONObject {
        JSONObject(distinct: object.members.map { ($0.key, hides($0.key) ? .string(Self.mark) : applied(to: $0.value)) })
    }

    private func applied(to word: String) -> String {
        guard let equals = word.firstIndex(of: "="), hides(word[..<equals]), !word[..<equals].contains(" ") else { return word }
        return word[...equals] + Self.mark
    }

    private static func plain(_ name: String) -> String { name.lowercased().replacing(text: "-", with: "_") }
}
