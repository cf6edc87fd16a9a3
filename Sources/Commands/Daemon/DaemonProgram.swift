import Arguments
import CeleryCore

/// What sets one program that runs in the background apart from another.
struct DaemonProgram: Sendable {
    /// The name of its command: `celeryd`.
    let name: String
    /// What runs, for people: `worker`.
    let noun: String
    let options: DaemonOptions
    /// What the settings say of its files.
    let files: @Sendable (Settings) -> Files
    /// Whether it starts processes, whose orphans it wants to look after.
    let startsProcesses: Bool
    /// Whether a supervisor starts it, and starts it again when it dies.
    var isSupervised: @Sendable (ParsedArguments) -> Bool = { _ in false }
    /// How long `--stop` waits.
    let stopPatience: Duration
    /// What is said when that was in vain, after `did not stop within`.
    let stopComplaint: String

    struct Files: Sendable {
        var log: String
        var pid: String
        var level: String
    }
}
