import Arguments

/// `celery completion`: completion scripts for shells.
enum CompletionCommand {
    static let command = Command(
        CommandSpec(
            "completion", section: "Help", summary: "Print a completion script for a shell",
            operands: [Operand("SHELL", help: "One of bash, zsh and fish.", completion: .values(["bash", "zsh", "fish"]))],
            examples: [
                Example("celery completion bash > ~/.local/share/bash-completion/completions/celery", "Install the script for bash."),
                Example("celery completion fish > ~/.config/fish/completions/celery.fish", "Install the script for fish."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64")),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let shell = context.arguments.operands[0]
        let script: String
        switch shell {
        case "bash": script = BashCompletion.render(CeleryTable.table)
        case "zsh": script = ZshCompletion.render(CeleryTable.table)
        case "fish": script = FishCompletion.render(CeleryTable.table)
        default: throw ArgumentError("\(ArgumentError.quote(shell)) is not one of bash, zsh, fish")
        }
        context.output.raw(script.hasSuffix("\n") ? String(script.dropLast()) : script)
        return ExitCode.done
    }
}
