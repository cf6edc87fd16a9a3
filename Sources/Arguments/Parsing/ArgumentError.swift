/// An error in the command line, or in an environment variable that an option reads.
///
/// A program that reports the error exits with status 64 (usage).
package struct ArgumentError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One line in lower case, without the name of the program.
    package let message: String
    /// Advice for the user, if any.
    package let hint: String?
    /// The command being parsed, such as `beat next`; nil before any command.
    package internal(set) var command: String?

    /// An error with a message.
    package init(_ message: String, hint: String? = nil, command: String? = nil) {
        self.message = message
        self.hint = hint
        self.command = command
    }

    /// The error that `text` is invalid for `name`: an option, an operand or a variable.
    package init(_ text: String, isInvalid invalid: InvalidValue, for name: String) {
        let advice = invalid.advice.map { "; \($0)" } ?? ""
        self.init("\(Self.quote(text)) \(invalid.problem) (for \(name))\(advice)")
    }

    /// The message alone.
    package var description: String { message }

    /// User input in quotes, safe for one line of a terminal: control characters are
    /// escaped and long text is truncated.
    package static func quote(_ text: String, limit: Int = 80) -> String {
        var shown = ""
        for scalar in text.unicodeScalars.prefix(limit) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            default:
                shown.unicodeScalars.append(scalar)
            }
        }
        return "'\(shown)\(text.unicodeScalars.dropFirst(limit).isEmpty ? "" : "...")'"
    }
}
