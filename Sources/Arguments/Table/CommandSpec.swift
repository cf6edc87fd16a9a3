/// A command line that shows how a command is used, and what it does.
package struct Example: Sendable {
    /// The command line as it is typed.
    package let command: String
    /// What it does, as a sentence.
    package let explanation: String

    /// Pairs a command line with a sentence.
    package init(_ command: String, _ explanation: String) {
        self.command = command
        self.explanation = explanation
    }
}

/// An exit status, or a range of them, and its meaning.
package struct ExitStatus: Sendable {
    /// A number, a range as `1-100`, or a sum as `128+n`.
    package let status: String
    /// What it means, as a sentence.
    package let meaning: String

    /// A single status.
    package init(_ status: Int, _ meaning: String) { self.init("\(status)", meaning) }

    /// By what statuses are listed: the number they begin with.
    fileprivate var order: Int {
        let digits = status.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.isEmpty ? .max : digits.reduce(0) { 10 * $0 + Int($1 - UInt8(ascii: "0")) }
    }

    /// A status, a range or a sum, as text.
    package init(_ status: String, _ meaning: String) {
        self.status = status
        self.meaning = meaning
    }
}

/// A key of the objects that `--json` prints, and its meaning.
package struct OutputKey: Sendable {
    /// The key as it is printed.
    package let key: String
    /// What it means, as a sentence.
    package let meaning: String

    /// Pairs a key with a sentence.
    package init(_ key: String, _ meaning: String) {
        self.key = key
        self.meaning = meaning
    }
}

/// A command, as data: its names, its options and operands, and the texts of its pages.
///
/// Every start of the program makes the whole table, but only help, manual pages and the like read its texts. So these
/// are kept as closures, and made when they are read.
package struct CommandSpec: Sendable {
    /// Its name, in lower case with hyphens.
    package let name: String
    /// More names by which it is called.
    package let aliases: [String]
    /// The heading under which the program's help lists the command.
    package let section: String
    /// One line, as "Submit a task".
    package let summary: String
    /// Usage lines after the command's name, when those made from options and operands would not tell enough.
    package let usages: [String]
    /// Paragraphs of plain text, each one line of source.
    package var discussion: [String] { makeDiscussion() }
    /// Its own options, beside the global ones.
    package let options: [OptionDescription]
    /// What to say of options that belong elsewhere, by their name with dashes.
    package var misplaced: [String: String] { makeMisplaced() }
    /// Its operands, in order.
    package let operands: [Operand]
    /// Command lines worth copying; those without signs of a shell must parse.
    package var examples: [Example] { makeExamples() }
    /// Its exit statuses, in ascending order.
    package var exitStatuses: [ExitStatus] { makeExitStatuses().sorted { $0.order < $1.order } }
    /// The keys of the objects it prints with `--json`.
    package var outputKeys: [OutputKey] { makeOutputKeys() }
    /// Paragraphs that come last.
    package var notes: [String] { makeNotes() }
    /// Commands within this one: `next` in `celery beat next`.
    package private(set) var subcommands: [CommandSpec]
    /// Whether the command does nothing by itself.
    package let requiresSubcommand: Bool
    /// Whether help texts, manual pages and completions pass over the command.
    package let isHidden: Bool
    /// The commands around this one, outermost first.
    package private(set) var parents: [String] = []

    private let makeDiscussion: @Sendable () -> [String]
    private let makeExamples: @Sendable () -> [Example]
    private let makeExitStatuses: @Sendable () -> [ExitStatus]
    private let makeOutputKeys: @Sendable () -> [OutputKey]
    private let makeNotes: @Sendable () -> [String]
    /// Makes `misplaced`, which only a mistake asks for.
    private let makeMisplaced: @Sendable () -> [String: String]

    /// Describes a command; all but name and summary may be left out.
    package init(
        _ name: String, aliases: [String] = [], section: String = "Commands", summary: String,
        usages: [String] = [], discussion: @autoclosure @escaping @Sendable () -> [String] = [],
        options: [OptionDescription] = [],
        misplaced: @autoclosure @escaping @Sendable () -> [String: String] = [:], operands: [Operand] = [],
        examples: @autoclosure @escaping @Sendable () -> [Example] = [],
        exitStatuses: @autoclosure @escaping @Sendable () -> [ExitStatus] = [],
        outputKeys: @autoclosure @escaping @Sendable () -> [OutputKey] = [],
        notes: @autoclosure @escaping @Sendable () -> [String] = [], subcommands: [CommandSpec] = [],
        requiresSubcommand: Bool = false, isHidden: Bool = false
    ) {
        self.name = name
        self.aliases = aliases
        self.section = section
        self.summary = summary
        self.usages = usages
        makeDiscussion = discussion
        self.options = options
        makeMisplaced = misplaced
        self.operands = operands
        makeExamples = examples
        makeExitStatuses = exitStatuses
        makeOutputKeys = outputKeys
        makeNotes = notes
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
