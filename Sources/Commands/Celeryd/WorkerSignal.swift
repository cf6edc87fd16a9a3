import Glibc

/// The meaning of a signal to a worker.
enum WorkerSignal: DaemonSignal {
    /// TERM, INT: finish running tasks, then stop. A second INT stops now.
    case stop
    /// QUIT: stop now.
    case stopNow
    /// HUP: restart.
    case restart
    /// USR1: reopen the log file.
    case reopenLog
    /// TTIN, TTOU: add or remove a child.
    case grow, shrink

    var isEnding: Bool { self == .stop || self == .stopNow }

    /// The actions by signal number.
    static let table: [Int32: WorkerSignal] = [
        SIGTERM: .stop, SIGINT: .stop, SIGQUIT: .stopNow, SIGHUP: .restart, SIGUSR1: .reopenLog, SIGTTIN: .grow,
        SIGTTOU: .shrink,
    ]
}
