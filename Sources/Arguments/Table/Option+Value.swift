extension Option {
    /// An option that takes a value and has a default. If it is repeated, the last value wins.
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

    /// An option that takes a value and has no default: nil if it is not given.
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

    /// An option that may be repeated and collects all values; empty if it is not given.
    /// The environment variable, if any, has a single value.
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
    /// The error in a literal default, if its text does not parse to its value.
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
