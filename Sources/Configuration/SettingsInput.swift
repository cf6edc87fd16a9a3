import CeleryCore

/// A value as written, before conversion to the type of its setting.
enum SettingsInput: Hashable, Sendable {
    // Typed values of a TOML file.
    case text(String)
    case whole(Int)
    /// A number, and its text in the form of JSON.
    case number(Double, text: String)
    case truth(Bool)
    case list([SettingsInput])
    /// The members sorted by name.
    case table([Member])
    /// A date or time, which no setting accepts.
    case other(String)
    // Untyped text of an environment variable or a flag.
    case word(String)

    /// A member of a table.
    struct Member: Hashable, Sendable {
        var name: String
        var value: SettingsInput
    }

    /// The value in an error, for example `"abc"`.
    var shown: String {
        switch self {
        case .text(let text), .word(let text): "\"\(ServiceURL.redact(within: text))\""
        case .whole(let number): "\(number)"
        case .number(_, let text): text
        case .truth(let value): "\(value)"
        case .list: "a list"
        case .table: "a table"
        case .other(let what): what
        }
    }

    /// The type of the value, for errors that must not show a password.
    var sort: String {
        switch self {
        case .text, .word: "text"
        case .whole: "a whole number"
        case .number: "a number"
        case .truth: "true or false"
        case .list: "a list"
        case .table: "a table"
        case .other(let what): what
        }
    }
}
