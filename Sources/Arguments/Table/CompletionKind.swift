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
    /// Task names.
    case task
    /// Names of queues, one or several separated by commas.
    case queue
    /// Ids of recent tasks.
    case taskID
    /// Ids of dead letters.
    case deadLetter
    /// Names of workers, one or several separated by commas.
    case worker
    /// Names of periodic tasks.
    case entry
    /// The commands of the table.
    case command
    /// Names of signals, without `SIG`.
    case signal

    /// What `celery __complete` lists; nil for static candidates.
    var topic: CompletionTopic? {
        switch self {
        case .task: .tasks
        case .queue: .queues
        case .taskID: .ids
        case .deadLetter: .dead
        case .worker: .workers
        case .entry: .entries
        case .none, .file, .directory, .values, .command, .signal: nil
        }
    }

    /// The candidates, if they are static.
    func words(in table: CommandTable) -> [String]? {
        switch self {
        case .values(let words): words
        case .command: table.shownCommands.map(\.name)
        case .signal: ["HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "ALRM", "TERM", "CONT", "STOP"]
        case .none, .file, .directory, .task, .queue, .taskID, .deadLetter, .worker, .entry: nil
        }
    }
}

/// What only the program knows: the first operand of `celery __complete`, which prints the candidates one a line. The second
/// is the word so far, which candidates begin with.
package enum CompletionTopic: String, Sendable, CaseIterable {
    case tasks, queues, ids, dead, workers, entries
}
