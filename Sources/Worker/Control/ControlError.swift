import CeleryCore

/// Why a request failed, in the form of Python's workers: the `repr` of an exception, or a text.
struct ControlError: Error, CustomStringConvertible, Equatable {
    var description: String

    /// `ValueError('...')`.
    static func value(_ text: String) -> ControlError { ControlError(description: "ValueError(\(quoted(text)))") }

    /// `TypeError('...')`.
    static func type(_ text: String) -> ControlError { ControlError(description: "TypeError(\(quoted(text)))") }

    /// A required argument is missing.
    static func missing(_ argument: String, of method: String) -> ControlError {
        type("\(method)() missing 1 required positional argument: '\(argument)'")
    }

    /// Quotes text as Python does: with `'`, or with `"` if the text contains `'`.
    private static func quoted(_ text: String) -> String {
        let quote = text.contains("'") && !text.contains("\"") ? "\"" : "'"
        let escaped = text.replacing(text: "\\", with: "\\\\").replacing(text: "\n", with: "\\n")
        return quote + (quote == "'" ? escaped.replacing(text: "'", with: "\\'") : escaped) + quote
    }
}
