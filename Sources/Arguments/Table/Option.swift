/// A command-line option as a typed constant.
///
/// A command declares its options as static constants, lists their descriptions in its
/// `CommandSpec`, and reads typed values: `arguments[ApplyOptions.countdown]`. The constant is the only
/// definition of names, help, default, environment variable and parser, so the parser, the help
/// texts, the manual pages and the completions always agree.
package struct Option<Value: Sendable>: Sendable {
    /// The untyped description for the parser and the renderers.
    package let description: OptionDescription
    /// The value if neither the command line nor the environment has one.
    package let defaultValue: Value
}

/// The default of an option, and its text in the help.
package struct OptionDefault<Value: Sendable>: Sendable {
    let value: Value
    let text: String
    let isLiteral: Bool

    /// A value and the text that a user would write for it; `CommandTable.lint()` checks that they agree.
    package static func literal(_ value: Value, _ text: String) -> Self {
        Self(value: value, text: text, isLiteral: true)
    }

    /// A value whose description is what a user would write.
    package static func literal(_ value: Value) -> Self where Value: CustomStringConvertible {
        literal(value, value.description)
    }

    /// A value known only at run time, with a description: "the number of processors".
    package static func described(_ value: Value, _ words: String) -> Self {
        Self(value: value, text: words, isLiteral: false)
    }
}

extension Option where Value == Bool {
    /// A flag: `--json`.
    package static func flag(
        _ long: String, short: Character? = nil, aliases: [String] = [], help: String,
        environment: String? = nil, environmentParser: ValueParser<Bool> = .yesOrNo, settings: [String] = []
    ) -> Self {
        Self(
            description: OptionDescription(
                long: long, short: short, aliases: aliases, form: .flag, placeholder: nil, help: help,
                defaultText: nil, environment: environment, settings: settings, completion: .none, repeats: false,
                parse: { (text) throws(InvalidValue) in try environmentParser.parse(text) },
                combine: { $0.last }, defaultMistake: { nil }),
            defaultValue: false)
    }
}

extension Option where Value == Int {
    /// A counted flag: `-v`, `-vv`.
    package static func counter(
        _ long: String, short: Character? = nil, aliases: [String] = [], help: String,
        environment: String? = nil, settings: [String] = []
    ) -> Self {
        let parser = ValueParser.integer(in: 0...Int.max)
        return Self(
            description: OptionDescription(
                long: long, short: short, aliases: aliases, form: .counter, placeholder: nil, help: help,
                defaultText: nil, environment: environment, settings: settings, completion: .none, repeats: true,
                parse: { (text) throws(InvalidValue) in try parser.parse(text) },
                combine: { $0.reduce(0) { $0 + ($1 as? Int ?? 0) } }, defaultMistake: { nil }),
            defaultValue: 0)
    }
}

extension Option where Value == Bool? {
    /// A flag with a negative form: `--bar`, `--no-bar`. Nil if neither is given.
    package static func negatable(
        _ long: String, short: Character? = nil, aliases: [String] = [], help: String,
        default words: String? = nil, environment: String? = nil, settings: [String] = []
    ) -> Self {
        Self(
            description: OptionDescription(
                long: long, short: short, aliases: aliases, form: .negatable, placeholder: nil, help: help,
                defaultText: words, environment: environment, settings: settings, completion: .none, repeats: false,
                parse: { (text) throws(InvalidValue) in try ValueParser.yesOrNo.parse(text) },
                combine: { $0.last }, defaultMistake: { nil }),
            defaultValue: nil)
    }
}
