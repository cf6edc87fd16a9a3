/// The value of an option as written.
package enum OptionInput: Sendable {
    /// From an option line or a command line, where everything is text.
    case word(String)
    /// From a line of a batch or from the settings, where values have types.
    case json(JSON)

    /// The text, if it is text.
    var text: String? {
        switch self {
        case .word(let text): text
        case .json(let value): value.stringValue
        }
    }

    /// The text of a string or number.
    var scalarText: String? {
        switch self {
        case .json(.int), .json(.double), .json(.bigInteger): displayText
        default: text
        }
    }

    /// The value as error messages quote it.
    package var displayText: String {
        switch self {
        case .word(let text): text
        case .json(.array(let elements)): elements.map(\.displayText).joined(separator: ",")
        case .json(let value): value.displayText
        }
    }

    /// The value at the end of an error message: quoted text, anything else unquoted.
    var shown: String {
        switch self {
        case .word(let text), .json(.string(let text)): "\"\(text)\""
        case .json(.array): "a list"
        case .json(.object): "a table"
        case .json(let value): value.displayText
        }
    }
}
