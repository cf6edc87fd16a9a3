/// What a shell offers when the value of an option, or an operand, is completed.
package enum CompletionKind: Sendable, Equatable {
    /// Nothing; the user types it.
    case none
    /// Names of files.
    case file
    /// Names of directories.
    case directory
    /// These words. They reach shell scripts as they are: see `CommandTable.lint()` for the letters allowed.
    case values([String])
    /// Task names, as `celery __complete tasks` prints them.
    case task
    /// Queue names, as `celery __complete queues` prints them.
    case queue
    /// Task ids, as `celery __complete ids` prints them.
    case taskID
    /// Names of periodic tasks, as `celery __complete entries` prints them.
    case entry
    /// The commands of the table.
    case command
    /// Names of signals, without `SIG`.
    case signal

    /// The operand of `celery __complete` that lists the candidates, if only the program knows them.
    var topic: String? {
        switch self {
        case .task: "tasks"
        case .queue: "queues"
        case .taskID: "ids"
        case .entry: "entries"
        case .none, .file, .directory, .values, .command, .signal: nil
        }
    }

    /// The candidates, if the table alone tells them.
    func words(in table: CommandTable) -> [String]? {
        switch self {
        case .values(let words): words
        case .command: table.shownCommands.map(\.name)
        case .signal: ["HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "ALRM", "TERM", "CONT", "STOP"]
        case .none, .file, .directory, .task, .queue, .taskID, .entry: nil
        }
    }
}
