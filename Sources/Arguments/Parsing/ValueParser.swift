import CeleryCore

/// Parses the text of an option into a value.
///
/// Other modules add parsers in an `extension ValueParser where Value == ...`.
package struct ValueParser<Value: Sendable>: Sendable {
    /// Parses a text.
    package let parse: @Sendable (String) throws(InvalidValue) -> Value
    /// The completion of such values, unless the option specifies another.
    package let completion: CompletionKind

    /// Makes a parser from a closure.
    package init(
        completion: CompletionKind = .none,
        _ parse: @escaping @Sendable (String) throws(InvalidValue) -> Value
    ) {
        self.parse = parse
        self.completion = completion
    }

    /// A parser that transforms the values of this one.
    package func map<Other: Sendable>(
        _ transform: @escaping @Sendable (Value) throws(InvalidValue) -> Other
    ) -> ValueParser<Other> {
        ValueParser<Other>(completion: completion) { (text) throws(InvalidValue) in
            try transform(parse(text))
        }
    }
}

extension ValueParser where Value == String {
    /// Any text, including the empty text.
    package static var text: Self {
        Self { (text) throws(InvalidValue) in text }
    }

    /// Any text except the empty text.
    package static var nonEmptyText: Self {
        Self { (text) throws(InvalidValue) in
            guard !text.isEmpty else { throw InvalidValue("is empty") }
            return text
        }
    }

    /// One of a few words.
    package static func choice(_ words: [String]) -> Self {
        Self(completion: .values(words)) { (text) throws(InvalidValue) in
            guard words.contains(text) else {
                let nearest = NearestName.suggest(text, among: words).map { "did you mean '\($0)'?" }
                throw InvalidValue("is not one of \(words.joined(separator: ", "))", advice: nearest)
            }
            return text
        }
    }
}

extension ValueParser where Value == Int {
    /// A whole number in decimal, within `range`.
    package static func integer(in range: ClosedRange<Int> = .min ... .max) -> Self {
        Self { (text) throws(InvalidValue) in
            guard let number = Int(text) else { throw InvalidValue("is not a whole number") }
            guard number >= range.lowerBound else { throw InvalidValue("is less than \(range.lowerBound)") }
            guard number <= range.upperBound else { throw InvalidValue("is more than \(range.upperBound)") }
            return number
        }
    }
}

extension ValueParser where Value == Bool {
    /// `1`, `true`, `yes`, `on`, or `0`, `false`, `no`, `off`, ignoring case: the value of a flag's environment variable.
    package static var yesOrNo: Self {
        Self { (text) throws(InvalidValue) in
            switch text.lowercased() {
            case "1", "true", "yes", "on": return true
            case "0", "false", "no", "off": return false
            default: throw InvalidValue("is neither yes nor no", advice: "write 1 or 0")
            }
        }
    }

    /// True for any text, as in the NO_COLOR convention.
    package static var presence: Self {
        Self { (_) throws(InvalidValue) in true }
    }
}

extension ValueParser where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of the cases of an enumeration, by its raw value.
    package static var cases: Self {
        ValueParser<String>.choice(Value.allCases.map(\.rawValue)).map { (text) throws(InvalidValue) in
            guard let value = Value(rawValue: text) else { throw InvalidValue("is not known") }
            return value
        }
    }
}

extension ValueParser {
    /// Several values in one word, separated by commas: `A,B`.
    package static func commaSeparated<Element>(_ element: ValueParser<Element>) -> Self where Value == [Element] {
        Self(completion: element.completion) { (text) throws(InvalidValue) in
            var elements: [Element] = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
                do throws(InvalidValue) {
                    elements.append(try element.parse(part))
                } catch {
                    // A single value needs no further context.
                    if part == text { throw error }
                    throw InvalidValue("has \(ArgumentError.quote(part)), which \(error.problem)", advice: error.advice)
                }
            }
            return elements
        }
    }
}
