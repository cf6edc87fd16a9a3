/// The candidates that a shell offers for the value of an option or an operand.
package enum CompletionKind: Sendable, Equatable {
    /// No candidates.
    case none
    /// Names of files.
    case file
    /// Names of directories.
    case directory
    /// Fixed words. They are written unquoted into shell scripts: see `CommandTable.lint()` for the permitted characters.
    case values([String])
    /// Task names, as printed by `celery __complete tasks`.
    case task
    /// Queue names, as printed by `celery __complete queues`.
    case queue
    /// Task ids, as printed by `celery __complete ids`.
    case taskID
    /// Names of periodic tasks, as printed by `celery __complete entries`.
    case entry
    /// The commands of the table.
    case command
    /// Names of signals, without `SIG`.
    case signal

    /// The operand of `celery __complete` that lists dynamic candidates; nil for static ones.
    var topic: String? {
        switch self {
        case .task: "tasks"
        case .queue: "queues"
        case .taskID: "ids"
        case .entry: "entries"
        case .none, .file, .directory, .values, .command, .signal: nil
        }
    }

    /// The candidates, if they are static.
    func words(in table: CommandTable) -> [String]? {
        switch self {
        case .values(let words): words
        case .command: table.shownCommands.map(\.name)
        case .signal: ["HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "ALRM", "TERM", "CONT", "STOP"]
        case .none, .file, .directory, .task, .queue, .taskID, .entry: nil
        }
    }
}
