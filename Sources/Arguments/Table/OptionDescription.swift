/// All that the parser and the renderers need to know of an option, without its type.
package struct OptionDescription: Sendable {
    /// What an option does with the command line.
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

    /// Its name without dashes.
    package let long: String
    /// Its name after a single dash, if it has one.
    package let short: Character?
    /// More long names for the same option, without dashes.
    package let aliases: [String]
    /// What it does with the command line.
    package let form: Form
    /// What stands for the value in help texts; nil if there is none.
    package let placeholder: String?
    /// What it does and in which unit, as a sentence.
    package let help: String
    /// The default as help texts print it; nil if there is nothing to say.
    package let defaultText: String?
    /// The variable of the environment that is read when the option is not given.
    package let environment: String?
    /// The keys of the settings file that stand for the option. They are only shown: another room reads the file.
    package let settings: [String]
    /// What shells offer for its value.
    package let completion: CompletionKind
    /// Whether each occurrence adds a value, rather than replacing the one before.
    package let repeats: Bool

    /// Parses one value: the option's on the command line, or the variable's.
    let parse: @Sendable (String) throws(InvalidValue) -> any Sendable
    /// Makes one value of those of all occurrences, in order.
    let combine: @Sendable ([any Sendable]) -> (any Sendable)?
    /// What is wrong with the default, if its text should parse to its value and does not.
    package let defaultMistake: @Sendable () -> String?

    /// Its long names with dashes, the main one first.
    package var longNames: [String] {
        ([long] + aliases).flatMap { form == .negatable ? ["--\($0)", "--no-\($0)"] : ["--\($0)"] }
    }

    /// Its names as they are typed, the short one first.
    package var names: [String] {
        (short.map { ["-\($0)"] } ?? []) + longNames
    }

    /// Facts that help texts add to the help: default, environment, settings, repetition.
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
