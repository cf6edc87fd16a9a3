import Arguments
import CeleryCore

/// The properties of a program that runs in the background.
struct DaemonProgram: Sendable {
    /// The name of its command: `celeryd`.
    let name: String
    /// The kind of program in messages: `worker`.
    let noun: String
    let options: DaemonOptions
    /// The files of the program according to the settings.
    let files: @Sendable (Settings) -> Files
    /// Whether the program starts processes and must reap their orphans.
    let startsProcesses: Bool
    /// Whether a supervisor starts it, and starts it again when it dies.
    var isSupervised: @Sendable (ParsedArguments) -> Bool = { _ in false }
    /// How long `--stop` waits.
    let stopPatience: Duration
    /// The end of the message `did not stop within ...`.
    let stopComplaint: String

    struct Files: Sendable {
        var log: String
        var pid: String
        var level: String
    }
}
