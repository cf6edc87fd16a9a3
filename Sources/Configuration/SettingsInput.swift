import CeleryCore

/// A value as somebody wrote it, before anyone asked what it is for.
enum SettingsInput: Hashable, Sendable {
    // From a file, where TOML has types.
    case text(String)
    case whole(Int)
    case number(Double)
    case truth(Bool)
    case list([SettingsInput])
    /// By name, sorted.
    case table([Member])
    /// A date: what no setting takes.
    case other(String)
    // From the environment or a flag, where everything is a word.
    case word(String)

    /// One line of a table.
    struct Member: Hashable, Sendable {
        var name: String
        var value: SettingsInput
    }

    /// The value for an error, e.g. `"abc"`.
    var shown: String {
        switch self {
        case .text(let text), .word(let text): "\"\(ServiceURL.redact(within: text))\""
        case .whole(let number): "\(number)"
        case .number(let number): "\(number)"
        case .truth(let value): "\(value)"
        case .list: "a list"
        case .table: "a table"
        case .other(let what): what
        }
    }

    /// What sort of value it is, for errors that must not show a password.
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
