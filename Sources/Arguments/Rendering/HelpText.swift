/// The text of `--help`.
package enum HelpText {
    /// The help of the program: commands and global options.
    package static func render(_ table: CommandTable, width: Int = 80) -> String {
        var page = HelpPage(width: width)
        page.usage(["\(table.program) [GLOBAL-OPTION]... COMMAND [OPTION]... [OPERAND]..."])
        page.paragraphs([table.summary + "."] + table.discussion)
        var sections: [String] = []
        for command in table.shownCommands where !sections.contains(command.section) { sections.append(command.section) }
        for section in sections {
            page.list(section, table.shownCommands.filter { $0.section == section }.map { ($0.name, $0.summary) })
        }
        page.options("Global options", table.globalOptions)
        page.statuses(table.exitStatuses)
        page.examples(table.examples)
        page.paragraphs(["'\(table.program) help COMMAND' and 'man \(table.program)-COMMAND' show the details of a command."])
        return page.text
    }

    /// The help of a command.
    package static func render(_ command: CommandSpec, in table: CommandTable, width: Int = 80) -> String {
        var page = HelpPage(width: width)
        page.usage(command.usageLines(in: table))
        page.paragraphs([command.summary + "."] + command.discussion)
        if !command.aliases.isEmpty { page.paragraphs(["Also called: \(command.aliases.joined(separator: ", "))."]) }
        page.list("Commands", command.shownSubcommands.map { ($0.name, $0.summary) })
        page.list("Operands", command.operands.map { ($0.name, $0.help) })
        page.options("Options", command.options)
        page.options("Global options", table.globalOptions)
        page.list("Keys of --json", command.outputKeys.map { ($0.key, $0.meaning) })
        page.statuses(command.exitStatuses)
        page.examples(command.examples)
        if !command.notes.isEmpty {
            page.heading("Notes")
            for note in command.notes { page.indented(note, by: 2) }
        }
        return page.text
    }
}

extension CommandSpec {
    /// The command's usage lines, beginning with the program's name.
    func usageLines(in table: CommandTable) -> [String] {
        let start = "\(table.program) \(qualifiedName)"
        if !usages.isEmpty { return usages.map { "\(start) \($0)" } }
        let subcommand = subcommands.isEmpty ? [] : [requiresSubcommand ? "COMMAND" : "[COMMAND]"]
        return [([start, "[OPTION]..."] + subcommand + operands.map(\.usage)).joined(separator: " ")]
    }
}

extension OptionDescription {
    /// The names and the placeholder: `-Q, --queue NAME`. Indented if there is no short name.
    fileprivate var term: String {
        let names = (short.map { "-\($0), " } ?? "    ") + longNames.joined(separator: ", ")
        return placeholder.map { "\(names) \($0)" } ?? names
    }
}

/// Builds the lines of a help text.
private struct HelpPage {
    /// The rightmost column where the texts of a list begin; a longer term gets a line of its own.
    static let deepestColumn = 28

    let width: Int
    var lines: [String] = []

    var text: String { lines.joined(separator: "\n") + "\n" }

    mutating func usage(_ usages: [String]) {
        for (index, usage) in usages.enumerated() {
            for (row, line) in TextWrap.lines(usage, width: width - 7).enumerated() {
                lines.append((index + row == 0 ? "Usage: " : row == 0 ? "       " : "           ") + line)
            }
        }
    }

    mutating func paragraphs(_ paragraphs: [String]) {
        for paragraph in paragraphs { lines += [""] + TextWrap.lines(paragraph, width: width) }
    }

    mutating func heading(_ heading: String) { lines += ["", "\(heading):"] }

    mutating func indented(_ text: String, by indent: Int) {
        lines += TextWrap.lines(text, width: max(20, width - indent)).map { String(repeating: " ", count: indent) + $0 }
    }

    mutating func list(_ title: String, _ entries: [(term: String, text: String)]) {
        guard let longest = entries.map(\.term.count).max() else { return }
        heading(title)
        let column = min(longest + 4, Self.deepestColumn)
        for (term, text) in entries {
            let start = lines.count
            indented(text, by: column)
            if term.count + 4 <= column, start < lines.count {
                lines[start] = "  " + term + lines[start].dropFirst(term.count + 2)
            } else {
                lines.insert("  " + term, at: start)
            }
        }
    }

    mutating func options(_ title: String, _ options: [OptionDescription]) {
        list(title, options.map { ($0.term, $0.fullHelp) })
    }

    mutating func statuses(_ statuses: [ExitStatus]) {
        list("Exit status", statuses.map { ($0.status, $0.meaning) })
    }

    mutating func examples(_ examples: [Example]) {
        guard !examples.isEmpty else { return }
        heading("Examples")
        for example in examples {
            lines.append("  \(example.command)")
            indented(example.explanation, by: 6)
        }
    }
}
