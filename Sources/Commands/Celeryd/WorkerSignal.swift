import Glibc

/// What a signal asks of a worker.
enum WorkerSignal: DaemonSignal {
    /// TERM, INT: finish what runs. Another INT stops now.
    case stop
    /// QUIT: stop now.
    case stopNow
    /// HUP: begin anew.
    case restart
    /// USR1: open the log file anew.
    case reopenLog
    /// TTIN, TTOU: a child more, a child less.
    case grow, shrink

    var isEnding: Bool { self == .stop || self == .stopNow }

    /// Which signal means what.
    static let table: [Int32: WorkerSignal] = [
        SIGTERM: .stop, SIGINT: .stop, SIGQUIT: .stopNow, SIGHUP: .restart, SIGUSR1: .reopenLog, SIGTTIN: .grow,
        SIGTTOU: .shrink,
    ]
}
