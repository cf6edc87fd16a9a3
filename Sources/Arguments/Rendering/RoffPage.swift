import CeleryCore

/// Builds the source of a manual page.
struct RoffPage {
    private var lines: [String] = []

    var text: String { lines.joined(separator: "\n") + "\n" }

    mutating func title(_ name: String, section: Int = 1, _ table: CommandTable) {
        // The date is not escaped: mandoc does not recognize dates with escaped hyphens.
        lines.append(
            ".TH \(Roff.quoted(name.uppercased())) \(section) \(table.date) "
                + "\(Roff.quoted("\(table.program) \(table.version)")) \(Roff.quoted("\(table.program) manual"))")
        // Do not hyphenate names of settings or justify lines.
        lines += [".nh", ".ad l"]
    }

    mutating func names(_ names: [String], _ summary: String) {
        lines.append(".SH NAME")
        lines += Roff.lines(names.map(Roff.literal).joined(separator: ", ") + " \\- " + Roff.prose(summary))
    }

    /// Usage lines, each with bold words followed by the rest.
    mutating func synopsis(_ usages: [(start: String, rest: String)]) {
        lines.append(".SH SYNOPSIS")
        for (index, usage) in usages.enumerated() {
            if index > 0 { lines.append(".br") }
            lines += Roff.lines("\(Roff.bold(usage.start)) \(Roff.literal(usage.rest))")
        }
    }

    mutating func section(_ heading: String, _ paragraphs: [String]) {
        lines.append(".SH " + Roff.quoted(heading))
        self.paragraphs(paragraphs)
    }

    /// Adds paragraphs after a heading. mandoc warns about a paragraph request directly after a heading.
    private mutating func paragraphs(_ paragraphs: [String]) {
        for (index, paragraph) in paragraphs.enumerated() {
            if index > 0 { lines.append(".PP") }
            lines += Roff.lines(Roff.prose(paragraph))
        }
    }

    mutating func subsection(_ command: CommandSpec, in table: CommandTable) {
        lines.append(".SS " + Roff.quoted("\(table.program) \(command.qualifiedName)"))
        paragraphs(["\(command.summary)."] + command.discussion)
        entries(command.operands.map { (Roff.italic($0.name), $0.help) })
        entries(command.options.map { ($0.roffTerm, $0.fullHelp) })
        entries(command.outputKeys.map { (Roff.bold($0.key), $0.meaning) }, lead: Self.outputLead)
        entries(command.exitStatuses.map { (Roff.bold($0.status), $0.meaning) }, lead: "Exit status:")
        for note in command.notes { lines += [".PP"] + Roff.lines(Roff.prose(note)) }
    }

    /// The sentence before the keys of `--json`.
    static let outputLead = "With --json, each line is an object with these keys:"

    /// Terms in roff, each with its explanation.
    mutating func list(_ heading: String, _ entries: [(term: String, text: String)], lead: String? = nil) {
        guard !entries.isEmpty else { return }
        section(heading, lead.map { [$0] } ?? [])
        self.entries(entries)
    }

    /// A paragraph that is not the first after a heading.
    mutating func paragraph(_ text: String) { lines += [".PP"] + Roff.lines(Roff.prose(text)) }

    /// A heading within a section.
    mutating func subheading(_ heading: String) { lines.append(".SS " + Roff.quoted(heading)) }

    /// A term in roff, with lines that explain it.
    mutating func entry(_ term: String, _ texts: [String]) {
        lines += [".TP", term]
        for (index, text) in texts.enumerated() {
            if index > 0 { lines.append(".br") }
            lines += Roff.lines(Roff.prose(text))
        }
    }

    /// Verbatim lines of a file.
    mutating func literal(_ text: [String]) {
        lines += [".PP", ".RS 4", ".nf"]
        lines += text.map { line in
            let literal = Roff.literal(line)
            return literal.hasPrefix(".") || literal.hasPrefix("\\(aq") ? "\\&\(literal)" : literal
        }
        lines += [".fi", ".RE"]
    }

    private mutating func entries(_ entries: [(term: String, text: String)], lead: String? = nil) {
        if let lead, !entries.isEmpty { lines += [".PP"] + Roff.lines(Roff.prose(lead)) }
        for (term, text) in entries { lines += [".TP", term] + Roff.lines(Roff.prose(text)) }
    }

    mutating func options(_ heading: String, _ options: [OptionDescription]) {
        list(heading, options.map { ($0.roffTerm, $0.fullHelp) })
    }

    mutating func statuses(_ statuses: [ExitStatus]) {
        list("EXIT STATUS", statuses.map { (Roff.bold($0.status), $0.meaning) })
    }

    mutating func environment(_ options: [OptionDescription]) {
        var seen: Set<String> = []
        list("ENVIRONMENT", options.compactMap { option in
            guard let variable = option.environment, seen.insert(variable).inserted else { return nil }
            return (Roff.bold(variable), "Used if --\(option.long) is not given.")
        })
    }

    mutating func examples(_ examples: [Example]) {
        guard !examples.isEmpty else { return }
        lines.append(".SH EXAMPLES")
        for (index, example) in examples.enumerated() {
            if index > 0 { lines.append(".PP") }
            lines += Roff.lines(Roff.prose(example.explanation))
            let command = Roff.literal(example.command)
            lines += [".PP", ".RS 4", ".nf", command.hasPrefix(".") ? "\\&\(command)" : command, ".fi", ".RE"]
        }
    }

    mutating func seeAlso(_ pages: [String]) {
        guard !pages.isEmpty else { return }
        lines.append(".SH " + Roff.quoted("SEE ALSO"))
        lines += Roff.lines(pages.map { page in
            let name = page.prefix { $0 != "(" }
            return Roff.bold(String(name)) + page.dropFirst(name.count)
        }.joined(separator: ", "))
    }
}

extension OptionDescription {
    /// The names in bold and the placeholder in italics.
    fileprivate var roffTerm: String {
        names.map(Roff.bold).joined(separator: ", ") + (placeholder.map { " " + Roff.italic($0) } ?? "")
    }
}
