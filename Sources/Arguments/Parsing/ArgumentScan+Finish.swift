extension ArgumentScan {
    /// Checks the command line as a whole, and reads the environment.
    /// A request for help skips the checks for missing words.
    func finish(environment: [String: String]) throws(ArgumentError) -> ParsedArguments {
        var values: [String: (value: any Sendable, source: ParsedArguments.Source)] = [:]
        for option in options {
            if let value = given[option.long].flatMap(option.combine) { values[option.long] = (value, .commandLine) }
        }
        let request: ParsedArguments.Request
        if given[CommandTable.help.description.long] != nil {
            request = .help(command)
        } else if given[CommandTable.versionOption.description.long] != nil {
            request = .version
        } else {
            request = .run(try checkedCommand())
            for option in options where values[option.long] == nil {
                if let value = try value(of: option, in: environment) { values[option.long] = (value, .environment) }
            }
        }
        return ParsedArguments(
            request: request, command: command, operands: operands, operandBytes: operandBytes,
            values: values, known: Set(options.map(\.long)))
    }

    private func checkedCommand() throws(ArgumentError) -> CommandSpec {
        guard let command else {
            throw ArgumentError("no command given", hint: "'\(table.program) --help' lists the commands")
        }
        if command.requiresSubcommand {
            let names = command.shownSubcommands.map(\.name).joined(separator: ", ")
            throw ArgumentError("'\(command.qualifiedName)' needs one of the commands \(names)")
        }
        // An option before `next` in `beat ... next` was read as an option of `beat`, which `next` may not have.
        if let stray = written.first(where: { stray in !options.contains { $0.long == stray.option.long } }) {
            throw ArgumentError("option '\(stray.name)' is not for '\(command.qualifiedName)'")
        }
        let required = command.operands.filter(\.arity.isRequired)
        if operands.count < required.count {
            throw ArgumentError("operand \(required[operands.count].name) is missing", hint: helpHint)
        }
        if operands.count > command.operands.count, !command.operands.contains(where: \.arity.repeats) {
            throw ArgumentError("unexpected operand \(ArgumentError.quote(operands[command.operands.count]))", hint: helpHint)
        }
        return command
    }

    /// The value of an option in the environment; `nil` if its variable is unset or empty.
    private func value(
        of option: OptionDescription, in environment: [String: String]
    ) throws(ArgumentError) -> (any Sendable)? {
        guard let name = option.environment, let text = environment[name], !text.isEmpty else { return nil }
        do {
            return option.combine([try option.parse(text)])
        } catch {
            throw ArgumentError(text, isInvalid: error, for: "\(name) in the environment")
        }
    }
}
