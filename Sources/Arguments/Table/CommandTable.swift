/// The specification of the program: the table from which the parser, the help texts, the manual pages and
/// the shell completions are derived.
package struct CommandTable: Sendable {
    /// The name of the program.
    package let program: String
    /// The version, such as `1.0.0`.
    package let version: String
    /// One line, such as "Distributed task queue".
    package let summary: String
    /// Paragraphs of plain text.
    package let discussion: [String]
    /// Options accepted before and after every command; `--help` and `--version` are always among them.
    package let globalOptions: [OptionDescription]
    /// All commands, in display order.
    package let commands: [CommandSpec]
    /// The exit statuses that all commands share.
    package let exitStatuses: [ExitStatus]
    /// Example command lines for beginners.
    package let examples: [Example]
    /// Related manual pages, such as `celery(7)`.
    package let seeAlso: [String]
    /// The date of the manual pages, such as `2025-11-22`. Fixed, so that the same table renders the same pages.
    package let date: String

    /// `-h`, `--help`.
    package static let help = Option.flag("help", short: "h", help: "Show this help and exit.")
    /// `-V`, `--version`.
    package static let versionOption = Option.flag("version", short: "V", help: "Show the version and exit.")

    /// Creates a table, and adds `--version` and `--help` to the global options.
    package init(
        program: String, version: String, date: String, summary: String, discussion: [String] = [],
        globalOptions: [OptionDescription], commands: [CommandSpec], exitStatuses: [ExitStatus] = [],
        examples: [Example] = [], seeAlso: [String] = []
    ) {
        self.program = program
        self.version = version
        self.date = date
        self.summary = summary
        self.discussion = discussion
        self.globalOptions = globalOptions + [Self.versionOption.description, Self.help.description]
        self.commands = commands
        self.exitStatuses = exitStatuses
        self.examples = examples
        self.seeAlso = seeAlso
    }

    /// The commands that help texts list.
    package var shownCommands: [CommandSpec] { commands.filter { !$0.isHidden } }

    /// The command with a name or alias.
    package func command(_ word: String) -> CommandSpec? { commands.first { $0.answers(to: word) } }

    /// The command at a path of names or aliases, such as `["beat", "next"]`.
    package func command(path: some Collection<String>) -> CommandSpec? {
        guard let first = path.first, let command = command(first) else { return nil }
        return path.dropFirst().reduce(command) { $0?.subcommand($1) }
    }

    /// The options of a command, its own first; for nil, only the global ones.
    package func options(for command: CommandSpec?) -> [OptionDescription] {
        (command?.options ?? []) + globalOptions
    }
}
