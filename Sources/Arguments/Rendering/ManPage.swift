/// Manual pages in man(7) macros, for groff and mandoc.
package enum ManPage {
    /// The name of a page and, with `.1` after it, of its file: `celery-apply`, or `celery` for nil.
    package static func name(of command: CommandSpec?, in table: CommandTable) -> String {
        ([table.program] + (command.map { $0.parents + [$0.name] } ?? [])).joined(separator: "-")
    }

    /// The page of the program, `celery.1`.
    package static func render(_ table: CommandTable) -> String {
        var page = RoffPage()
        page.title(name(of: nil, in: table), table)
        page.names([name(of: nil, in: table)], table.summary)
        page.synopsis([(table.program, "[GLOBAL-OPTION]... COMMAND [OPTION]... [OPERAND]...")])
        page.section("DESCRIPTION", table.discussion.isEmpty ? ["\(table.summary)."] : table.discussion)
        page.list("COMMANDS", table.shownCommands.map { command in
            (Roff.bold(name(of: command, in: table)) + "(1)", "\(command.summary).")
        })
        page.options("OPTIONS", table.globalOptions)
        page.statuses(table.exitStatuses)
        page.environment(table.globalOptions)
        page.examples(table.examples)
        page.seeAlso(table.shownCommands.map { "\(name(of: $0, in: table))(1)" } + table.seeAlso)
        return page.text
    }

    /// The page of a command with its subcommands, `celery-apply.1`.
    package static func render(_ command: CommandSpec, in table: CommandTable) -> String {
        var page = RoffPage()
        page.title(name(of: command, in: table), table)
        page.names([name(of: command, in: table)] + command.aliases.map { "\(table.program)-\($0)" }, command.summary)
        let shown = [command] + command.shownDescendants
        page.synopsis(shown.flatMap { shown in
            shown.usageLines(in: table).map { usage in
                let start = "\(table.program) \(shown.qualifiedName)"
                return (start, String(usage.dropFirst(start.count + 1)))
            }
        })
        page.section("DESCRIPTION", command.discussion.isEmpty ? ["\(command.summary)."] : command.discussion)
        page.list("OPERANDS", command.operands.map { (Roff.italic($0.name), $0.help) })
        page.options("OPTIONS", command.options)
        if !command.shownSubcommands.isEmpty { page.section("COMMANDS", []) }
        for subcommand in command.shownDescendants { page.subsection(subcommand, in: table) }
        page.options("GLOBAL OPTIONS", table.globalOptions)
        page.list("OUTPUT", command.outputKeys.map { (Roff.bold($0.key), $0.meaning) }, lead: RoffPage.outputLead)
        page.statuses(command.exitStatuses)
        page.environment(shown.flatMap(\.options) + table.globalOptions)
        if !command.notes.isEmpty { page.section("NOTES", command.notes) }
        page.examples(shown.flatMap(\.examples))
        page.seeAlso(["\(table.program)(1)"] + table.seeAlso)
        return page.text
    }
}

extension CommandSpec {
    /// The subcommands at all depths.
    var shownDescendants: [CommandSpec] { shownSubcommands.flatMap { [$0] + $0.shownDescendants } }
}
