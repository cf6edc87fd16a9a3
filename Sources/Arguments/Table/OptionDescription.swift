/// The untyped description of an option for the parser and the renderers.
package struct OptionDescription: Sendable {
    /// The syntactic form of an option.
    package enum Form: Sendable {
        /// `--json`: no value, on or off.
        case flag
        /// `-vv`: no value, counted.
        case counter
        /// `--bar` or `--no-bar`: no value, the last one wins.
        case negatable
        /// `--queue NAME`: takes a value.
        case value
    }

    /// The name without dashes.
    package let long: String
    /// The short name, if any.
    package let short: Character?
    /// Alternative long names, without dashes.
    package let aliases: [String]
    /// The syntactic form.
    package let form: Form
    /// The placeholder of the value in help texts; nil for options without a value.
    package let placeholder: String?
    /// The effect and the unit, as a sentence.
    package let help: String
    /// The default in help texts; nil to show none.
    package let defaultText: String?
    /// The environment variable that is read if the option is not given.
    package let environment: String?
    /// The settings that correspond to the option. They are only displayed: another module reads the settings.
    package let settings: [String]
    /// The completion of the value.
    package let completion: CompletionKind
    /// Whether each occurrence adds a value instead of replacing the previous one.
    package let repeats: Bool

    /// Parses a value of the command line or of the environment variable.
    let parse: @Sendable (String) throws(InvalidValue) -> any Sendable
    /// Combines the values of all occurrences, in order.
    let combine: @Sendable ([any Sendable]) -> (any Sendable)?
    /// The error in a literal default whose text does not parse to its value.
    package let defaultMistake: @Sendable () -> String?

    /// The long names with dashes, the main one first.
    package var longNames: [String] {
        ([long] + aliases).flatMap { form == .negatable ? ["--\($0)", "--no-\($0)"] : ["--\($0)"] }
    }

    /// The names with dashes, the short one first.
    package var names: [String] {
        (short.map { ["-\($0)"] } ?? []) + longNames
    }

    /// Remarks that help texts add: default, environment variable, settings, repetition.
    package var remarks: [String] {
        var remarks: [String] = []
        if let defaultText { remarks.append("default: \(defaultText)") }
        if let environment { remarks.append("environment: \(environment)") }
        if !settings.isEmpty { remarks.append("\(settings.count == 1 ? "setting" : "settings"): \(settings.joined(separator: ", "))") }
        if repeats { remarks.append("may be repeated") }
        return remarks
    }

    /// The help with the remarks in parentheses.
    package var fullHelp: String {
        remarks.isEmpty ? help : "\(help) (\(remarks.joined(separator: "; ")))"
    }
}
