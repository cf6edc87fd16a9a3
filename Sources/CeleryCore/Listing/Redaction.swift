/// What is shown of the arguments of tasks, and of settings and environment variables: the values of secret names are hidden, or
/// all arguments are left out.
///
/// Every place obeys it where arguments meet a person, a monitor or another program: lists, titles of commands, dead letters,
/// events, the headers `argsrepr` and `kwargsrepr`, and answers to `inspect`. Messages, kept arguments and results are not
/// changed, so that tasks run, and can be sent again. `Redaction+Text.swift` has the rules for text.
package struct Redaction: Sendable, Equatable {
    /// Parts of names, in lower case.
    private let parts: [String]
    /// Whether arguments are not shown at all (CELERY_KEEP_ARGUMENTS is 0).
    package let leavesOutArguments: Bool

    /// What is redacted if nothing else is set.
    package static let defaultParts = ["password", "passwd", "secret", "token", "api_key", "apikey", "credential", "authorization", "cookie"]
    /// What stands for a hidden value.
    package static let mark = "***"
    /// What stands for arguments that are left out, where a text is expected.
    package static let leftOut = "..."

    /// - Parameter parts: A name that contains one of these, in any case and with `-` for `_`, is secret.
    package init(_ parts: [String] = defaultParts, leavesOutArguments: Bool = false) {
        self.parts = parts.map(Self.plain).filter { !$0.isEmpty }
        self.leavesOutArguments = leavesOutArguments
    }

    /// Whether nothing is hidden by its name.
    package var isEmpty: Bool { parts.isEmpty }

    /// Whether the value of this name is hidden.
    package func hides(_ name: some StringProtocol) -> Bool {
        guard !parts.isEmpty else { return false }
        let name = Self.plain(name)
        return parts.contains { name.contains(text: $0) }
    }

    /// Arguments as they are shown: see `applied(args:kwargs:)`.
    ///
    /// - Returns: `nil` if arguments are left out.
    package func shown(_ arguments: TaskArguments) -> (args: [JSON], kwargs: JSONObject)? {
        leavesOutArguments ? nil : applied(args: arguments.args, kwargs: arguments.kwargs)
    }

    /// Arguments with hidden values: of keyword arguments, of members of objects, of `NAME=VALUE` and `--NAME=VALUE`, and the word
    /// after `--NAME`.
    package func applied(args: [JSON], kwargs: JSONObject) -> (args: [JSON], kwargs: JSONObject) {
        (applied(to: args), applied(to: kwargs))
    }

    /// A value with hidden parts.
    package func applied(to value: JSON) -> JSON {
        switch value {
        case .object(let object):
            guard let bytes = value.binaryValue else { return .object(applied(to: object)) }
            // Bytes are shown in base64, where a value cannot be hidden alone.
            return hides(String(decoding: bytes, as: UTF8.self)) ? .string(Self.mark) : value
        case .array(let elements): return .array(applied(to: elements))
        case .string(let text): return .string(applied(to: text))
        default: return value
        }
    }

    private func applied(to values: [JSON]) -> [JSON] {
        var follows = false
        return values.map { value in
            let isHidden = follows
            follows = value.stringValue.map { $0.hasPrefix("-") && !$0.contains("=") && hides($0) } ?? false
            return isHidden ? .string(Self.mark) : applied(to: value)
        }
    }

    private func applied(to object: JSONObject) -> JSONObject {
        JSONObject(distinct: object.members.map { ($0.key, hides($0.key) ? .string(Self.mark) : applied(to: $0.value)) })
    }

    private static func plain(_ name: some StringProtocol) -> String {
        String(decoding: name.lowercased().utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
    }
}
