/// The parsed command line.
package struct ParsedArguments: Sendable {
    /// The action that a command line requests.
    package enum Request: Sendable {
        case run(CommandSpec)
        /// Show the help of the command, or of the program.
        case help(CommandSpec?)
        case version
    }

    /// The source of an option's value.
    package enum Source: Sendable {
        case commandLine, environment, `default`
    }

    /// The requested action.
    package let request: Request
    /// The innermost command; nil only for the help or version of the program.
    package let command: CommandSpec?
    /// Words that are neither commands nor options nor values, in order.
    package let operands: [String]
    /// The bytes of operands that are not UTF-8, by index.
    let operandBytes: [Int: [UInt8]]
    /// Values by the long name of their option.
    let values: [String: (value: any Sendable, source: Source)]
    let known: Set<String>

    /// The value of an option: from the command line, or else from the environment, or else the default.
    ///
    /// The command must declare the option.
    package subscript<Value>(_ option: Option<Value>) -> Value {
        assert(known.contains(option.description.long), "option --\(option.description.long) is not in the command's table")
        return values[option.description.long]?.value as? Value ?? option.defaultValue
    }

    /// The bytes of an operand as they were typed.
    package func bytes(ofOperand index: Int) -> [UInt8] { operandBytes[index] ?? Array(operands[index].utf8) }

    /// The source of an option's value. A settings file overrides `.default`, and is overridden by the others.
    package func source<Value>(of option: Option<Value>) -> Source {
        values[option.description.long]?.source ?? .default
    }

    /// Whether the command line or the environment has a value for the option.
    package func isGiven<Value>(_ option: Option<Value>) -> Bool {
        source(of: option) != .default
    }

    /// Whether the command has the option in its table.
    package func takes<Value>(_ option: Option<Value>) -> Bool {
        known.contains(option.description.long)
    }
}
