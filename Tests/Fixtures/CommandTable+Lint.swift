package import Arguments

extension CommandTable {
    /// The errors in the table, each in one line that names the place. A valid table has none.
    ///
    /// Rules of wording: a summary begins with a capital letter and has no period; the help of an
    /// option or operand begins with a capital letter and ends with a period; a placeholder is in
    /// capitals, with hyphens between its words.
    package func lint() -> [String] {
        var lint = CommandTableLint(table: self)
        lint.checkProgram()
        lint.checkNames(of: commands, in: program)
        for command in commands { lint.check(command) }
        return lint.mistakes
    }
}

private struct CommandTableLint {
    let table: CommandTable
    var mistakes: [String] = []

    mutating func checkProgram() {
        checkSummary(table.summary, at: table.program)
        checkOptions(table.globalOptions, at: table.program)
        checkStatuses(table.exitStatuses, at: table.program)
        checkExamples(table.examples, at: table.program)
        if !matches(table.date, #/\d{4}-\d{2}-\d{2}/#) { note(table.program, "the date '\(table.date)' is not written as 2025-11-22") }
    }

    mutating func check(_ command: CommandSpec) {
        let place = "\(table.program) \(command.qualifiedName)"
        checkSummary(command.summary, at: place)
        // Every command also has the global options, so the names must not clash.
        checkOptions(command.options, beside: table.globalOptions, at: place)
        checkOperands(command, at: place)
        checkStatuses(command.exitStatuses, at: place)
        checkExamples(command.examples, at: place)
        for key in repeated(command.outputKeys.map(\.key)) { note(place, "output key '\(key)' appears twice") }
        for paragraph in command.discussion + command.notes { checkLine(paragraph, "a paragraph", at: place) }
        if command.requiresSubcommand, command.subcommands.isEmpty { note(place, "requires a subcommand and has none") }
        checkNames(of: command.subcommands, in: place)
        for subcommand in command.subcommands { check(subcommand) }
    }

    mutating func checkNames(of commands: [CommandSpec], in place: String) {
        let names = commands.flatMap { [$0.name] + $0.aliases }
        for name in repeated(names) { note(place, "command name '\(name)' appears twice") }
        for command in commands where !command.isHidden {
            for name in [command.name] + command.aliases where !matches(name, #/[a-z][a-z0-9]*(-[a-z0-9]+)*/#) {
                note(place, "command name '\(name)' is not lower case with hyphens")
            }
        }
    }

    mutating func checkOptions(_ options: [OptionDescription], beside others: [OptionDescription] = [], at place: String) {
        for name in repeated(others.flatMap(\.names) + options.flatMap(\.names)) { note(place, "option name '\(name)' appears twice") }
        for name in repeated((others + options).compactMap(\.environment)) { note(place, "variable \(name) appears twice") }
        for option in options {
            let name = "option '--\(option.long)'"
            for long in [option.long] + option.aliases where !matches(long, #/[a-z][a-z0-9]*(-[a-z0-9]+)*/#) {
                note(place, "option name '--\(long)' is not lower case with hyphens")
            }
            // And -0, as xargs and others have it.
            if let short = option.short, !matches("\(short)", #/[A-Za-z0]/#) {
                note(place, "\(name): short name '\(short)' is not a letter")
            }
            checkHelp(option.help, name, at: place)
            if option.form == .value { checkPlaceholder(option.placeholder ?? "", name, at: place) }
            if let variable = option.environment, !matches(variable, #/[A-Z][A-Z0-9_]*/#) {
                note(place, "\(name): '\(variable)' is not a name for a variable of the environment")
            }
            checkCompletion(option.completion, name, at: place)
            if let mistake = option.defaultMistake() { note(place, "\(name): \(mistake)") }
        }
    }

    mutating func checkOperands(_ command: CommandSpec, at place: String) {
        if !command.operands.isEmpty, !command.subcommands.isEmpty { note(place, "has both operands and subcommands") }
        for name in repeated(command.operands.map(\.name)) { note(place, "operand \(name) appears twice") }
        for (index, operand) in command.operands.enumerated() {
            let name = "operand '\(operand.name)'"
            checkHelp(operand.help, name, at: place)
            checkPlaceholder(operand.name, name, at: place)
            checkCompletion(operand.completion, name, at: place)
            guard index > 0 else { continue }
            let before = command.operands[index - 1]
            if before.arity.repeats { note(place, "\(name) comes after '\(before.name)', which takes all words") }
            if operand.arity.isRequired, !before.arity.isRequired {
                note(place, "\(name) is required and comes after '\(before.name)', which is not")
            }
        }
    }

    mutating func checkStatuses(_ statuses: [ExitStatus], at place: String) {
        for status in repeated(statuses.map(\.status)) { note(place, "exit status \(status) appears twice") }
        for status in statuses {
            let numbers = status.status.split(whereSeparator: { $0 == "-" || $0 == "+" })
            if !matches(status.status, #/\d+(-\d+|\+n)?/#) || numbers.contains(where: { Int($0).map { $0 > 255 } ?? false }) {
                note(place, "'\(status.status)' is not an exit status")
            }
            checkHelp(status.meaning, "exit status \(status.status)", at: place)
        }
    }

    /// Parses examples without shell syntax, so that no example uses an option that was renamed.
    mutating func checkExamples(_ examples: [Example], at place: String) {
        for example in examples {
            checkHelp(example.explanation, "example '\(example.command)'", at: place)
            let words = example.command.split(separator: " ").map(String.init)
            guard words.first == table.program, !example.command.contains(where: { "|&;<>()$`\\\"'*?[]#~{}".contains($0) }) else { continue }
            do {
                _ = try ArgumentParser.parse(Array(words.dropFirst()), table: table)
            } catch {
                note(place, "example '\(example.command)': \(error.message)")
            }
        }
    }

    mutating func checkSummary(_ summary: String, at place: String) {
        checkLine(summary, "the summary", at: place)
        if summary.first?.isUppercase != true { note(place, "the summary does not begin with a capital letter") }
        if summary.last == "." { note(place, "the summary ends with a period") }
    }

    mutating func checkHelp(_ help: String, _ subject: String, at place: String) {
        checkLine(help, "\(subject): the help", at: place)
        guard !help.isEmpty else { return }
        if help.first?.isUppercase != true { note(place, "\(subject): the help does not begin with a capital letter") }
        if help.last != "." { note(place, "\(subject): the help does not end with a period") }
    }

    mutating func checkLine(_ text: String, _ subject: String, at place: String) {
        if text.isEmpty { note(place, "\(subject) is empty") }
        if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            note(place, "\(subject) is more than one line of text")
        }
    }

    mutating func checkPlaceholder(_ placeholder: String, _ subject: String, at place: String) {
        if placeholder.isEmpty {
            note(place, "\(subject) has no placeholder")
        } else if !matches(placeholder, #/[A-Z0-9][A-Z0-9|,=:.-]*/#) {
            note(place, "\(subject): placeholder '\(placeholder)' is not in capitals with hyphens")
        }
    }

    /// Completion words are written into the scripts of three shells, so they must not contain characters special to any of them.
    mutating func checkCompletion(_ completion: CompletionKind, _ subject: String, at place: String) {
        guard case .values(let words) = completion else { return }
        if words.isEmpty { note(place, "\(subject) is completed from no words") }
        for word in words where !matches(word, #/[A-Za-z0-9][A-Za-z0-9._\/+@%-]*/#) {
            note(place, "\(subject): '\(word)' cannot be a completion")
        }
    }

    private mutating func note(_ place: String, _ mistake: String) { mistakes.append("\(place): \(mistake)") }

    private func matches(_ text: String, _ pattern: Regex<Substring>) -> Bool { text.wholeMatch(of: pattern) != nil }
    private func matches<Group>(_ text: String, _ pattern: Regex<(Substring, Group)>) -> Bool { text.wholeMatch(of: pattern) != nil }

    private func repeated(_ names: [String]) -> [String] {
        Dictionary(grouping: names, by: { $0 }).filter { $1.count > 1 }.keys.sorted()
    }
}
