import Fixtures
import Testing

@testable import Arguments

@Suite struct CommandTableLintTests {
    @Test func `finds nothing in a sound table`() {
        #expect(MadeUp.table.lint() == [])
    }

    private func lint(_ command: CommandSpec) -> [String] {
        CommandTable(
            program: "p", version: "1", date: "2025-11-22", summary: "A program",
            globalOptions: [MadeUp.quiet.description], commands: [command]).lint()
    }

    private func lint(_ option: OptionDescription) -> [String] {
        lint(CommandSpec("c", summary: "Do it", options: [option]))
    }

    private func lint(_ operands: [Operand]) -> [String] {
        lint(CommandSpec("c", summary: "Do it", operands: operands))
    }

    private static func text(_ name: String, placeholder: String = "X", help: String = "Help.") -> OptionDescription {
        Option.value(name, placeholder: placeholder, .text, help: help).description
    }

    @Test func `finds mistakes in options`() {
        #expect(lint(Option.flag("quiet", help: "Quiet.").description) == ["p c: option name '--quiet' appears twice"])
        #expect(lint(Option.flag("x", short: "q", help: "X.").description) == ["p c: option name '-q' appears twice"])
        #expect(lint(Option.flag("x", aliases: ["x"], help: "X.").description) == ["p c: option name '--x' appears twice"])
        #expect(lint(Option.flag("x", help: "X.", environment: "CELERY_QUIET").description) == ["p c: variable CELERY_QUIET appears twice"])
        #expect(lint(Option.flag("x", help: "X.", environment: "lower").description)
            == ["p c: option '--x': 'lower' is not a name for a variable of the environment"])
        #expect(lint(Option.flag("x", short: "5", help: "X.").description) == ["p c: option '--x': short name '5' is not a letter"])
        #expect(lint(Self.text("Under_score")) == ["p c: option name '--Under_score' is not lower case with hyphens"])
        #expect(lint(Self.text("x", placeholder: "")) == ["p c: option '--x' has no placeholder"])
        #expect(lint(Self.text("x", placeholder: "MY_FILE"))
            == ["p c: option '--x': placeholder 'MY_FILE' is not in capitals with hyphens"])
        #expect(lint(Self.text("x", help: "")) == ["p c: option '--x': the help is empty"])
        #expect(lint(Self.text("x", help: "No period")) == ["p c: option '--x': the help does not end with a period"])
        #expect(lint(Self.text("x", help: "lower.")) == ["p c: option '--x': the help does not begin with a capital letter"])
        #expect(lint(Self.text("x", help: "Two\nlines.")) == ["p c: option '--x': the help is more than one line of text"])
        #expect(lint(Option.value("x", placeholder: "X", .text, help: "X.", completion: .values(["$(rm)"])).description)
            == ["p c: option '--x': '$(rm)' cannot be a completion"])
        #expect(lint(Option.value("x", placeholder: "X", .text, help: "X.", completion: .values([])).description)
            == ["p c: option '--x' is completed from no words"])
    }

    @Test func `finds defaults that are not what they print`() {
        func option(_ value: OptionDefault<Int>) -> OptionDescription {
            Option.value("x", placeholder: "N", .integer(in: 1...9), default: value, help: "X.").description
        }
        #expect(lint(option(.literal(4))) == [])
        #expect(lint(option(.described(0, "none"))) == [])
        #expect(lint(option(.literal(10))) == ["p c: option '--x': its default '10' is more than 9"])
        #expect(lint(option(.literal(4, "5"))) == ["p c: option '--x': its default '5' parses to another value"])
    }

    @Test func `finds mistakes in operands`() {
        let all = Operand("ALL", .zeroOrMore, help: "All.")
        let one = Operand("ONE", help: "One.")
        #expect(lint([one, all]) == [])
        #expect(lint([all, Operand("Z", .optional, help: "Z.")]) == ["p c: operand 'Z' comes after 'ALL', which takes all words"])
        #expect(lint([Operand("O", .optional, help: "O."), one]) == ["p c: operand 'ONE' is required and comes after 'O', which is not"])
        #expect(lint([one, one]) == ["p c: operand ONE appears twice"])
        #expect(lint([Operand("x", help: "X.")]) == ["p c: operand 'x': placeholder 'x' is not in capitals with hyphens"])
    }

    @Test func `finds mistakes in commands`() {
        #expect(lint(CommandSpec("c", summary: "")) == ["p c: the summary is empty", "p c: the summary does not begin with a capital letter"])
        #expect(lint(CommandSpec("c", summary: "Do it.")) == ["p c: the summary ends with a period"])
        #expect(lint(CommandSpec("c", aliases: ["c"], summary: "C")) == ["p: command name 'c' appears twice"])
        #expect(lint(CommandSpec("C", summary: "C")) == ["p: command name 'C' is not lower case with hyphens"])
        #expect(lint(CommandSpec("c", summary: "C", requiresSubcommand: true)) == ["p c: requires a subcommand and has none"])
        let inner = CommandSpec("d", summary: "D.", options: [MadeUp.quiet.description])
        #expect(lint(CommandSpec("c", summary: "C", operands: [Operand("X", help: "X.")], subcommands: [inner])) == [
            "p c: has both operands and subcommands", "p c d: the summary ends with a period",
            "p c d: option name '--quiet' appears twice", "p c d: option name '-q' appears twice",
            "p c d: variable CELERY_QUIET appears twice",
        ])
        #expect(lint(CommandSpec("c", summary: "C", exitStatuses: [ExitStatus(1, "A."), ExitStatus(1, "B."), ExitStatus(256, "C."), ExitStatus("1-x", "D.")])) == [
            "p c: exit status 1 appears twice", "p c: '1-x' is not an exit status", "p c: '256' is not an exit status",
        ])
        #expect(lint(CommandSpec("c", summary: "C", outputKeys: [OutputKey("k", "A"), OutputKey("k", "B")])) == ["p c: output key 'k' appears twice"])
    }

    @Test func `parses examples`() {
        #expect(lint(CommandSpec("c", summary: "C", examples: [Example("p c --old", "Show.")]))
            == ["p c: example 'p c --old': unknown option '--old'"])
        #expect(lint(CommandSpec("c", summary: "C", examples: [Example("p c --old | less", "Show.")])) == [])
    }

    @Test func `finds a date of another form`() {
        let table = CommandTable(program: "p", version: "1", date: "today", summary: "P", globalOptions: [], commands: [])
        #expect(table.lint() == ["p: the date 'today' is not written as 2025-11-22"])
    }
}
