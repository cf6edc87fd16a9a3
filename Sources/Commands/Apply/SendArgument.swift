import Arguments
import CeleryCore

/// A command-line option made from a row of the task option table.
struct SendArgument: Sendable {
    let option: any AnyTaskOption
    let description: OptionDescription
    /// Whether the command line has the option.
    let isGiven: @Sendable (ParsedArguments) -> Bool
    /// The option's value on the command line.
    let values: @Sendable (ParsedArguments) -> OptionValues

    init(_ option: any AnyTaskOption) {
        let help = String(option.callHelp.filter { $0 != "`" })
        if option.form.isFlag {
            self.init(option, .flag(option.long, short: option.form.short, help: help, settings: option.form.settings)) { isOn in
                isOn ? (try? Self.read("true", option)) ?? OptionValues() : OptionValues()
            }
        } else if option.form.repeats {
            self.init(option, .values(
                option.long, short: option.form.short, placeholder: option.commandPlaceholder, Self.parser(option), help: help,
                settings: option.form.settings)
            ) { all in all.reduce(into: OptionValues()) { $0.merge($1) } }
        } else {
            self.init(option, .value(
                option.long, short: option.form.short, placeholder: option.commandPlaceholder, Self.parser(option), help: help,
                settings: option.form.settings)
            ) { $0 ?? OptionValues() }
        }
    }

    private init<Value>(
        _ row: any AnyTaskOption, _ option: Option<Value>, _ values: @escaping @Sendable (Value) -> OptionValues
    ) {
        self.option = row
        description = option.description
        isGiven = { $0.isGiven(option) }
        self.values = { values($0[option]) }
    }

    private static func read(_ text: String, _ option: any AnyTaskOption) throws(OptionMistake) -> OptionValues {
        var values = OptionValues()
        try option.read(.word(text), at: .commandLine, into: &values)
        return values
    }

    private static func parser(_ option: any AnyTaskOption) -> ValueParser<OptionValues> {
        let completion: CompletionKind =
            switch option.suggestion {
            case .nothing: .none
            case .words(let words): .values(words)
            case .queues: .queue
            }
        return ValueParser(completion: completion) { (text) throws(InvalidValue) in
            do throws(OptionMistake) {
                return try read(text, option)
            } catch {
                throw InvalidValue(error.problem ?? error.complaint, advice: error.advice)
            }
        }
    }
}
