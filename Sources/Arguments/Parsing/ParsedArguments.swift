/// What a command line asks for.
package struct ParsedArguments: Sendable {
    /// What the program shall do.
    package enum Request: Sendable {
        case run(CommandSpec)
        /// Show the help of the command, or of the program.
        case help(CommandSpec?)
        case version
    }

    /// Where the value of an option comes from.
    package enum Source: Sendable {
        case commandLine, environment, `default`
    }

    /// What the program shall do.
    package let request: Request
    /// The innermost command; nil only when the help of the program, or its version, is asked for.
    package let command: CommandSpec?
    /// Words that are neither commands nor options nor their values, in order.
    package let operands: [String]
    /// Values by the long name of their option.
    let values: [String: (value: any Sendable, source: Source)]
    let known: Set<String>

    /// The value of an option: from the command line, else from the environment, else its default.
    ///
    /// The command must have the option in its table; one that is missing there could never be given.
    package subscript<Value>(_ option: Option<Value>) -> Value {
        assert(known.contains(option.description.long), "option --\(option.description.long) is not in the command's table")
        return values[option.description.long]?.value as? Value ?? option.defaultValue
    }

    /// Where the value of an option comes from. A settings file goes before `.default` and after the others.
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
