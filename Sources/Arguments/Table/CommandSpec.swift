/// An example of a command line, with an explanation.
package struct Example: Sendable {
    /// The command line.
    package let command: String
    /// The effect, as a sentence.
    package let explanation: String

    /// Pairs a command line with a sentence.
    package init(_ command: String, _ explanation: String) {
        self.command = command
        self.explanation = explanation
    }
}

/// An exit status, or a range of them, and its meaning.
package struct ExitStatus: Sendable {
    /// A number, a range such as `1-100`, or a sum such as `128+n`.
    package let status: String
    /// The meaning, as a sentence.
    package let meaning: String

    /// A single status.
    package init(_ status: Int, _ meaning: String) { self.init("\(status)", meaning) }

    /// The sort key of the list of statuses: the first number.
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
    /// The key in the output.
    package let key: String
    /// The meaning, as a sentence.
    package let meaning: String

    /// Pairs a key with a sentence.
    package init(_ key: String, _ meaning: String) {
        self.key = key
        self.meaning = meaning
    }
}

/// The specification of a command: names, options, operands, and the texts of its pages.
///
/// Every start of the program creates the whole table, but only help and manual pages need the texts. Texts are
/// therefore stored as closures and made on demand.
package struct CommandSpec: Sendable {
    /// The name in lower case with hyphens.
    package let name: String
    /// Alternative names.
    package let aliases: [String]
    /// The heading under which the program's help lists the command.
    package let section: String
    /// One line, such as "Submit a task".
    package let summary: String
    /// Usage lines after the command's name, if lines generated from options and operands are insufficient.
    package let usages: [String]
    /// Paragraphs of plain text without line breaks.
    package var discussion: [String] { makeDiscussion() }
    /// The options of the command, in addition to the global ones.
    package let options: [OptionDescription]
    /// Hints for options that belong elsewhere, by name with dashes.
    package var misplaced: [String: String] { makeMisplaced() }
    /// The operands in order.
    package let operands: [Operand]
    /// Example command lines; those without shell syntax must parse.
    package var examples: [Example] { makeExamples() }
    /// The exit statuses in ascending order.
    package var exitStatuses: [ExitStatus] { makeExitStatuses().sorted { $0.order < $1.order } }
    /// The keys of the objects printed with `--json`.
    package var outputKeys: [OutputKey] { makeOutputKeys() }
    /// Paragraphs at the end of the manual page.
    package var notes: [String] { makeNotes() }
    /// Subcommands, such as `next` in `celery beat next`.
    package private(set) var subcommands: [CommandSpec]
    /// Whether the command does nothing without a subcommand.
    package let requiresSubcommand: Bool
    /// Whether help texts, manual pages and completions omit the command.
    package let isHidden: Bool
    /// Whether everything from the first operand on is operands: a command with options of its own.
    package let endsOptionsAtOperand: Bool
    /// The names of the enclosing commands, outermost first.
    package private(set) var parents: [String] = []

    private let makeDiscussion: @Sendable () -> [String]
    private let makeExamples: @Sendable () -> [Example]
    private let makeExitStatuses: @Sendable () -> [ExitStatus]
    private let makeOutputKeys: @Sendable () -> [OutputKey]
    private let makeNotes: @Sendable () -> [String]
    /// Makes `misplaced`, which only errors need.
    private let makeMisplaced: @Sendable () -> [String: String]

    /// Creates a specification. Only name and summary are required.
    package init(
        _ name: String, aliases: [String] = [], section: String = "Commands", summary: String,
        usages: [String] = [], discussion: @autoclosure @escaping @Sendable () -> [String] = [],
        options: [OptionDescription] = [],
        misplaced: @autoclosure @escaping @Sendable () -> [String: String] = [:], operands: [Operand] = [],
        examples: @autoclosure @escaping @Sendable () -> [Example] = [],
        exitStatuses: @autoclosure @escaping @Sendable () -> [ExitStatus] = [],
        outputKeys: @autoclosure @escaping @Sendable () -> [OutputKey] = [],
        notes: @autoclosure @escaping @Sendable () -> [String] = [], subcommands: [CommandSpec] = [],
        requiresSubcommand: Bool = false, isHidden: Bool = false, endsOptionsAtOperand: Bool = false
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
        self.endsOptionsAtOperand = endsOptionsAtOperand
    }

    /// The name preceded by those of the enclosing commands: `beat next`.
    package var qualifiedName: String { (parents + [name]).joined(separator: " ") }

    /// The subcommands that help texts list.
    package var shownSubcommands: [CommandSpec] { subcommands.filter { !$0.isHidden } }

    /// The subcommand with a name or alias.
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
