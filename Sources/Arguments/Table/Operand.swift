/// A word of the command line that is neither an option nor an option's value.
package struct Operand: Sendable {
    /// How many words an operand takes.
    package enum Arity: Sendable {
        case one, optional, zeroOrMore, oneOrMore

        /// Whether the command line must have at least one.
        package var isRequired: Bool { self == .one || self == .oneOrMore }
        /// Whether it takes every word that is left.
        package var repeats: Bool { self == .zeroOrMore || self == .oneOrMore }
    }

    /// Its name in usage lines, as `TASK` or `ARG|KEY=VALUE`.
    package let name: String
    /// What it is, as a sentence.
    package let help: String
    /// How many words it takes.
    package let arity: Arity
    /// What shells offer for it.
    package let completion: CompletionKind

    /// Describes an operand.
    package init(_ name: String, _ arity: Arity = .one, help: String, completion: CompletionKind = .none) {
        self.name = name
        self.help = help
        self.arity = arity
        self.completion = completion
    }

    /// The operand as a usage line shows it: `TASK`, `[TASK]`, `[ARG]...` or `ID...`.
    package var usage: String {
        (arity.isRequired ? name : "[\(name)]") + (arity.repeats ? "..." : "")
    }
}
