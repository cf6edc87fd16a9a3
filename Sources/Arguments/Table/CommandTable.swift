/// The program, as data: the one table from which the parser, the help texts, the manual pages and
/// the completions of the shells are all derived.
package struct CommandTable: Sendable {
    /// The name by which it is called.
    package let program: String
    /// Its version, as `1.0.0`.
    package let version: String
    /// One line, as "Distributed task queue".
    package let summary: String
    /// Paragraphs of plain text.
    package let discussion: [String]
    /// Options accepted before and after every command; `--help` and `--version` are always among them.
    package let globalOptions: [OptionDescription]
    /// All commands, in the order in which they are listed.
    package let commands: [CommandSpec]
    /// The exit statuses that all commands share.
    package let exitStatuses: [ExitStatus]
    /// Command lines to begin with.
    package let examples: [Example]
    /// Other manual pages to read, as `celery(7)`.
    package let seeAlso: [String]
    /// The day that manual pages bear, as `2025-11-22`. Fixed, so that the same table renders the same pages.
    package let date: String

    /// `-h`, `--help`.
    package static let help = Option.flag("help", short: "h", help: "Show this help and exit.")
    /// `-V`, `--version`.
    package static let versionOption = Option.flag("version", short: "V", help: "Show the version and exit.")

    /// Makes a table; `--version` and `--help` are added to the global options.
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

    /// The command of this name or alias.
    package func command(_ word: String) -> CommandSpec? { commands.first { $0.answers(to: word) } }

    /// The command within commands that these names or aliases lead to: `["beat", "next"]`.
    package func command(path: some Collection<String>) -> CommandSpec? {
        guard let first = path.first, let command = command(first) else { return nil }
        return path.dropFirst().reduce(command) { $0?.subcommand($1) }
    }

    /// The options in force for a command, its own first; only the global ones for nil.
    package func options(for command: CommandSpec?) -> [OptionDescription] {
        (command?.options ?? []) + globalOptions
    }
}
