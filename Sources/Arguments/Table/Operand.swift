/// The specification of an operand: a word that is neither an option nor an option's value.
package struct Operand: Sendable {
    /// How many words an operand takes.
    package enum Arity: Sendable {
        case one, optional, zeroOrMore, oneOrMore

        /// Whether the operand requires at least one word.
        package var isRequired: Bool { self == .one || self == .oneOrMore }
        /// Whether the operand takes all remaining words.
        package var repeats: Bool { self == .zeroOrMore || self == .oneOrMore }
    }

    /// The name in usage lines, such as `TASK` or `ARG|KEY=VALUE`.
    package let name: String
    /// The description, as a sentence.
    package let help: String
    /// The number of words.
    package let arity: Arity
    /// The completion of the operand.
    package let completion: CompletionKind
    /// Whether a word may be bytes that are not UTF-8, such as the name of a file; see `ParsedArguments.bytes(ofOperand:)`.
    package let takesBytes: Bool

    /// Creates the specification of an operand.
    package init(_ name: String, _ arity: Arity = .one, help: String, completion: CompletionKind = .none, takesBytes: Bool = false) {
        self.name = name
        self.help = help
        self.arity = arity
        self.completion = completion
        self.takesBytes = takesBytes
    }

    /// The operand in a usage line: `TASK`, `[TASK]`, `[ARG]...` or `ID...`.
    package var usage: String {
        (arity.isRequired ? name : "[\(name)]") + (arity.repeats ? "..." : "")
    }
}
