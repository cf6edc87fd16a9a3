public import CeleryCore

/// A task can throw a failure with any type name, for example a Python exception:
/// `throw TaskFailure(type: "ValueError", arguments: ["too wide"], module: "builtins")`.
extension TaskFailure: Error {}

/// The message of an error; `nil` for an error that has only its description.
package typealias ErrorMessage = @Sendable (any Error) -> String?

extension TaskFailure {
    /// The failure for a Swift error: its type, module and message.
    ///
    /// - Parameter message: The message of an error; `nil` uses its description.
    package init(error: any Error, message: ErrorMessage = { _ in nil }) {
        if let failure = error as? TaskFailure {
            self = failure
            return
        }
        let name = Self.name(of: Swift.type(of: error))
        let text = message(error) ?? String(describing: error)
        self.init(type: name.type, arguments: [.string(text)], module: name.module)
    }

    /// The module and type of a Swift type: `Example` and `Shop.SoldOut` for `Example.Shop.SoldOut`.
    private static func name(of type: any Any.Type) -> (module: String, type: String) {
        // The names of private and local types contain parts such as `(unknown context at $7f00)`.
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
            // Keeps generic arguments, drops contexts in parentheses.
            if character != ")", !(depth > 0 && part.isEmpty) { part.append(character) }
        }
        guard parts.count > 1 else { return ("swift", parts.joined()) }
        return (String(parts[0]), parts.dropFirst().joined(separator: "."))
    }
}
