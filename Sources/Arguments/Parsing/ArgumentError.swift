/// A mistake in the command line, or in a variable of the environment that an option reads.
///
/// It is a matter of usage: whoever reports it exits with status 64.
package struct ArgumentError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One line in lower case, without the name of the program.
    package let message: String
    /// What to do about it, if there is something to do.
    package let hint: String?
    /// The command whose words were being read, as `beat next`; nil before any command.
    package internal(set) var command: String?

    /// An error in words of its own.
    package init(_ message: String, hint: String? = nil, command: String? = nil) {
        self.message = message
        self.hint = hint
        self.command = command
    }

    /// The error that `text` is not a value for `name`: an option, an operand or a variable.
    package init(_ text: String, isInvalid invalid: InvalidValue, for name: String) {
        let advice = invalid.advice.map { "; \($0)" } ?? ""
        self.init("\(Self.quote(text)) \(invalid.problem) (for \(name))\(advice)")
    }

    /// The message alone.
    package var description: String { message }

    /// What a user typed, in quotes, fit for one line of a terminal: control characters are
    /// shown by number and a long text is cut.
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
