import Arguments
import CeleryCore

/// The command line that resumes this dmap.
enum GoOnCommand {
    static func text() -> String { text(ShellWord.quoted(CommandLine.arguments.first ?? "celery"), .read()) }

    /// - Parameter program: The name of the program, as typed in a shell.
    static func text(_ program: String, _ arguments: RawArguments) -> String {
        var words = arguments.quoted
        if !words.contains("--resume"), !words.contains("--retry-failed") {
            words.insert("--resume", at: words.firstIndex(of: "--") ?? words.count)
        }
        return ([program] + words).joined(separator: " ")
    }
}
