/// A command line that shows how a command is used, and what it does.
package struct Example: Sendable {
    package let command: String
    package let explanation: String

    package init(_ command: String, _ explanation: String) {
        self.command = command
        self.explanation = explanation
    }
}

/// An exit status, or a range of them, and its meaning.
package struct ExitStatus: Sendable {
    /// A number, a range as `1-100`, or a sum as `128+n`.
    package let status: String
    package let meaning: String

    package init(_ status: Int, _ meaning: String) { self.init("\(status)", meaning) }

    package init(_ status: String, _ meaning: String) {
        self.status = status
        self.meaning = meaning
    }
}

/// A key of the objects that `--json` prints, and its meaning.
package struct OutputKey: Sendable {
    package let key: String
    package let meaning: String

    package init(_ key: String, _ meaning: String) {
        self.key = key
        self.meaning = meaning
    }
}

/// A command, as data: what it is called, what it takes, and what is said of it.
package struct CommandSpec: Sendable {
    package let name: String
    package let aliases: [String]
    /// The heading under which the program's help lists the command.
    package let section: String
    /// One line, as "Submit a task".
    package let summary: String
    /// Usage lines after the command's name, when those made from options and operands would not tell enough.
    package let usages: [String]
    /// Paragraphs of plain text, each one line of source.
    package let discussion: [String]
    package let options: [OptionDescription]
    package let operands: [Operand]
    package let examples: [Example]
    package let exitStatuses: [ExitStatus]
    package let outputKeys: [OutputKey]
    package let notes: [String]
    /// Commands within this one: `next` in `celery beat next`.
    package private(set) var subcommands: [CommandSpec]
    /// Whether the command does nothing by itself.
    package let requiresSubcommand: Bool
    /// Whether help texts, manual pages and completions pass over the command.
    package let isHidden: Bool
    /// The commands around this one, outermost first.
    package private(set) var parents: [String] = []

    package init(
        _ name: String, aliases: [String] = [], section: String = "Commands", summary: String,
        usages: [String] = [], discussion: [String] = [], options: [OptionDescription] = [],
        operands: [Operand] = [], examples: [Example] = [], exitStatuses: [ExitStatus] = [],
        outputKeys: [OutputKey] = [], notes: [String] = [], subcommands: [CommandSpec] = [],
        requiresSubcommand: Bool = false, isHidden: Bool = false
    ) {
        self.name = name
        self.aliases = aliases
        self.section = section
        self.summary = summary
        self.usages = usages
        self.discussion = discussion
        self.options = options
        self.operands = operands
        self.examples = examples
        self.exitStatuses = exitStatuses
        self.outputKeys = outputKeys
        self.notes = notes
        self.subcommands = subcommands.map { $0.adopted(by: name) }
        self.requiresSubcommand = requiresSubcommand
        self.isHidden = isHidden
    }

    /// The name with those of the commands around it: `beat next`.
    package var qualifiedName: String { (parents + [name]).joined(separator: " ") }

    /// The subcommands that help texts list.
    package var shownSubcommands: [CommandSpec] { subcommands.filter { !$0.isHidden } }

    /// The subcommand of this name or alias.
    package func subcommand(_ word: String) -> CommandSpec? { subcommands.first { $0.answers(to: word) } }

    /// Whether `word` is the name or an alias of the command.
    func answers(to word: String) -> Bool { name == word || aliases.contains(word) }

    private func adopted(by parent: String) -> CommandSpec {
        var copy = self
        copy.parents.insert(parent, at: 0)
        copy.subcommands = subcommands.map { $0.adopted(by: parent) }
        return copy
    }
}
