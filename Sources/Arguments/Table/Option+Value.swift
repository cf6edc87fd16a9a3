extension Option {
    /// An option that takes a value and has a default. Given twice, the last one wins.
    package static func value(
        _ long: String, short: Character? = nil, aliases: [String] = [], placeholder: String,
        _ parser: ValueParser<Value>, default fallback: OptionDefault<Value>, help: String,
        environment: String? = nil, settings: [String] = [], completion: CompletionKind? = nil
    ) -> Self {
        Self(
            description: OptionDescription(
                long: long, short: short, aliases: aliases, form: .value, placeholder: placeholder, help: help,
                defaultText: fallback.text, environment: environment, settings: settings,
                completion: completion ?? parser.completion, repeats: false,
                parse: { (text) throws(InvalidValue) in try parser.parse(text) },
                combine: { $0.last }, defaultMistake: { fallback.mistake(parser) }),
            defaultValue: fallback.value)
    }

    /// An option that takes a value and has no default: nil when it is not given.
    package static func value<Wrapped>(
        _ long: String, short: Character? = nil, aliases: [String] = [], placeholder: String,
        _ parser: ValueParser<Wrapped>, help: String,
        environment: String? = nil, settings: [String] = [], completion: CompletionKind? = nil
    ) -> Self where Value == Wrapped? {
        Self(
            description: OptionDescription(
                long: long, short: short, aliases: aliases, form: .value, placeholder: placeholder, help: help,
                defaultText: nil, environment: environment, settings: settings,
                completion: completion ?? parser.completion, repeats: false,
                parse: { (text) throws(InvalidValue) in try parser.parse(text) },
                combine: { $0.last }, defaultMistake: { nil }),
            defaultValue: nil)
    }

    /// An option that adds a value each time it is given; empty when it is not.
    /// The variable of the environment, if there is one, holds a single value.
    package static func values<Element>(
        _ long: String, short: Character? = nil, aliases: [String] = [], placeholder: String,
        _ parser: ValueParser<Element>, help: String,
        environment: String? = nil, settings: [String] = [], completion: CompletionKind? = nil
    ) -> Self where Value == [Element] {
        Self(
            description: OptionDescription(
                long: long, short: short, aliases: aliases, form: .value, placeholder: placeholder, help: help,
                defaultText: nil, environment: environment, settings: settings,
                completion: completion ?? parser.completion, repeats: true,
                parse: { (text) throws(InvalidValue) in try parser.parse(text) },
                combine: { $0.compactMap { $0 as? Element } }, defaultMistake: { nil }),
            defaultValue: [])
    }
}

extension OptionDefault {
    /// Why the text of a literal default is not the default: it does not parse, or it parses to another value.
    func mistake(_ parser: ValueParser<Value>) -> String? {
        guard isLiteral else { return nil }
        do {
            let parsed = try parser.parse(text)
            guard let value = value as? any Equatable, !value.isEqual(to: parsed) else { return nil }
            return "its default '\(text)' parses to another value"
        } catch {
            return "its default '\(text)' \(error.problem)"
        }
    }
}

extension Equatable {
    fileprivate func isEqual(to other: Any) -> Bool { (other as? Self) == self }
}
