public import CeleryCore

/// A task may throw a failure with any type name, for example one that Python knows:
/// `throw TaskFailure(type: "ValueError", arguments: ["too wide"], module: "builtins")`.
extension TaskFailure: Error {}

/// What an error says of itself beside its description; `nil` for one that says nothing.
package typealias ErrorMessage = @Sendable (any Error) -> String?

extension TaskFailure {
    /// The failure that a Swift error makes: its type, its module, and what it says of itself.
    ///
    /// - Parameter message: What an error says of itself; `nil` takes its description.
    package init(error: any Error, message: ErrorMessage = { _ in nil }) {
        if let failure = error as? TaskFailure {
            self = failure
            return
        }
        let name = Self.name(of: Swift.type(of: error))
        let text = message(error) ?? String(describing: error)
        self.init(type: name.type, arguments: [.string(text)], module: name.module)
    }

    /// Module and type: `Example.Shop.SoldOut` is `Shop.SoldOut` of `Example`.
    private static func name(of type: any Any.Type) -> (module: String, type: String) {
        // A private or local type has a part such as `(unknown context at $7f00)` in its name.
        var parts: [Substring] = []
        var depth = 0
        var part = ""
        for character in String(reflecting: type) + "." {
            switch character {
            case "(", "<": depth += 1
            case ")", ">": depth -= 1
            case "." where depth == 0:
                if !part.isEmpty { parts.append(part[...]) }
                part = ""
                continue
            default: break
            }
            // Generic arguments stay; contexts in parentheses do not.
            if character != ")", !(depth > 0 && part.isEmpty) { part.append(character) }
        }
        guard parts.count > 1 else { return ("swift", parts.joined()) }
        return (String(parts[0]), parts.dropFirst().joined(separator: "."))
    }
}
