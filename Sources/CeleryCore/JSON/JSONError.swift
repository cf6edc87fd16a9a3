/// Why a text is not JSON.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Byte offset where parsing stopped.
    public var offset: Int
    public var reason: Reason

    public enum Reason: Sendable, Hashable {
        /// The text ends inside a value.
        case unexpectedEnd
        /// No value, name or separator begins with this character.
        case unexpectedCharacter
        /// A complete value is followed by something else.
        case trailingData
        case invalidNumber
        /// A backslash followed by an unknown character.
        case invalidEscape
        /// A control character inside a string.
        case controlCharacter
        case invalidUTF8
        /// Arrays and objects nested deeper than ``JSON/nestingLimit``.
        case nestedTooDeeply
    }

    public init(offset: Int, reason: Reason) {
        self.offset = offset
        self.reason = reason
    }

    public var description: String { "\(phrase) at byte \(offset)" }

    private var phrase: String {
        switch reason {
        case .unexpectedEnd: "unexpected end"
        case .unexpectedCharacter: "unexpected character"
        case .trailingData: "more text after the value"
        case .invalidNumber: "invalid number"
        case .invalidEscape: "invalid escape"
        case .controlCharacter: "control character in a string"
        case .invalidUTF8: "invalid utf-8"
        case .nestedTooDeeply: "nested more than \(JSON.nestingLimit) deep"
        }
    }
}
