/// What can be completed after the program's name, or after a command's.
///
/// The scripts of all shells have the same structure. They scan the words before the cursor like the parser
/// to find the command, whether a value is expected, and the number of operands, and then look up
/// what may follow. The scan is shell code; the tables are generated from these scopes.
struct CompletionScope {
    /// The command's qualified name; empty for the program.
    let path: String
    /// The command's own options.
    let options: [OptionDescription]
    /// The command's operands; empty if it has subcommands.
    let operands: [Operand]
    /// The subcommands that can follow.
    let subcommands: [CommandSpec]

    /// The scope of the program, then those of all commands and subcommands that are not hidden.
    static func all(of table: CommandTable) -> [CompletionScope] {
        let program = CompletionScope(path: "", options: [], operands: [], subcommands: table.shownCommands)
        return [program] + table.shownCommands.flatMap { [$0] + $0.shownDescendants }.map { command in
            CompletionScope(
                path: command.qualifiedName, options: command.options,
                operands: command.operands, subcommands: command.shownSubcommands)
        }
    }

    /// For each subcommand, its names and its path.
    var entries: [(words: [String], path: String)] {
        subcommands.map { ([$0.name] + $0.aliases, $0.qualifiedName) }
    }
}

extension CommandTable {
    /// Names of the global options that take a value. The scripts pass these options on to `__complete`, which
    /// needs the same settings and broker.
    var contextNames: [String] { globalOptions.filter { $0.form == .value }.flatMap(\.names) }

    /// The comment lines at the top of each script.
    func completionHeader(_ shell: String) -> String {
        "# Completion of \(program) in \(shell), generated from the command table.\n"
            + "# Do not edit: change the table and generate this file again."
    }

    /// The program's name as part of a function's name.
    var identifier: String { String(program.map { $0 == "-" ? "_" : $0 }) }
}
