/// What can be completed at one place of the table: after the program's name, or after a command's.
///
/// The scripts of all shells are made alike. They walk the words before the cursor as the parser
/// would, to learn the command, whether a value is due and how many operands there are, and then
/// ask what may follow. The walk is the shell's; the answers are written from these scopes.
struct CompletionScope {
    /// The command's qualified name; empty for the program.
    let path: String
    /// The command's own options.
    let options: [OptionDescription]
    /// Its operands; there are none where there are commands.
    let operands: [Operand]
    /// The commands that can follow.
    let subcommands: [CommandSpec]

    /// The program first, then each command that is not hidden, and the commands within it.
    static func all(of table: CommandTable) -> [CompletionScope] {
        let program = CompletionScope(path: "", options: [], operands: [], subcommands: table.shownCommands)
        return [program] + table.shownCommands.flatMap { [$0] + $0.shownDescendants }.map { command in
            CompletionScope(
                path: command.qualifiedName, options: command.options,
                operands: command.operands, subcommands: command.shownSubcommands)
        }
    }

    /// For each word that leads from here to a command within: the word and that command's path.
    var entries: [(words: [String], path: String)] {
        subcommands.map { ([$0.name] + $0.aliases, $0.qualifiedName) }
    }
}

extension CommandTable {
    /// Names of the global options that take a value. They are passed on to `__complete`, which
    /// needs the same settings and broker to know the same tasks and queues.
    var contextNames: [String] { globalOptions.filter { $0.form == .value }.flatMap(\.names) }

    /// The words that all scripts begin with, as comment lines.
    func completionHeader(_ shell: String) -> String {
        "# Completion of \(program) in \(shell), rendered from the table of its commands.\n"
            + "# Change the table and render anew: changes made here are lost."
    }

    /// The program's name as part of a function's name.
    var identifier: String { String(program.map { $0 == "-" ? "_" : $0 }) }
}
