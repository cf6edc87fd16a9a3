import CeleryCore

/// Why a request is not done, as Python's workers tell it: the `repr` of an exception, or words of their own.
struct ControlError: Error, CustomStringConvertible, Equatable {
    var description: String

    /// `ValueError('...')`.
    static func value(_ text: String) -> ControlError { ControlError(description: "ValueError(\(quoted(text)))") }

    /// `TypeError('...')`.
    static func type(_ text: String) -> ControlError { ControlError(description: "TypeError(\(quoted(text)))") }

    /// An argument without which the method makes no sense.
    static func missing(_ argument: String, of method: String) -> ControlError {
        type("\(method)() missing 1 required positional argument: '\(argument)'")
    }

    /// As Python quotes text: by `'`, or by `"` where that is in it.
    private static func quoted(_ text: String) -> String {
        let quote = text.contains("'") && !text.contains("\"") ? "\"" : "'"
        let escaped = text.replacing(text: "\\", with: "\\\\").replacing(text: "\n", with: "\\n")
        return quote + (quote == "'" ? escaped.replacing(text: "'", with: "\\'") : escaped) + quote
    }
}
