import CeleryCore
import Arguments

/// `celery help`, and the text of `--help`.
enum HelpCommand {
    static let command = Command(
        CommandSpec(
            "help", section: "Help", summary: "Show the help of a command",
            operands: [Operand("COMMAND", .zeroOrMore, help: "The command; by default, lists all commands.", completion: .command)],
            exitStatuses: CeleryTable.statuses("0", "64")),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let path = context.arguments.operands
        guard let first = path.first else {
            context.output.line(HelpPage.of(nil))
            return ExitCode.done
        }
        guard let spec = CeleryTable.table.command(path: path) else {
            let nearest = NearestName.suggest(first, among: CeleryTable.table.shownCommands.map(\.name))
            let suggestion = nearest.map { "; did you mean '\($0)'?" } ?? ""
            throw ArgumentError("unknown command \(ArgumentError.quote(path.joined(separator: " ")))\(suggestion)")
        }
        context.output.line(HelpPage.of(spec))
        return ExitCode.done
    }
}

/// The help text of a command, or of the program.
enum HelpPage {
    static func of(_ spec: CommandSpec?) -> String {
        let text = spec.map { HelpText.render($0, in: CeleryTable.table) } ?? HelpText.render(CeleryTable.table)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
