import Arguments
import CeleryCore

/// The command line that resumes this dmap.
enum GoOnCommand {
    static func text() -> String {
        let words = (try? RawArguments.read()) ?? []
        return text([CommandLine.arguments.first ?? "celery"] + words)
    }

    /// - Parameter words: The command line, with the name of the program.
    static func text(_ words: [String]) -> String {
        var words = words
        if !words.contains("--resume"), !words.contains("--retry-failed") {
            words.insert("--resume", at: words.firstIndex(of: "--") ?? words.count)
        }
        return words.map(ShellWord.quoted).joined(separator: " ")
    }
}
