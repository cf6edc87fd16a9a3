import Glibc

/// The meaning of a signal to beat.
enum BeatSignal: DaemonSignal {
    /// TERM, INT, QUIT: stop. Beat has no work in progress that could be lost.
    case stop
    /// HUP: reload settings and tasks.
    case reload
    /// USR1: reopen the log file.
    case reopenLog

    var isEnding: Bool { self == .stop }

    /// The actions by signal number.
    static let table: [Int32: BeatSignal] = [
        SIGTERM: .stop, SIGINT: .stop, SIGQUIT: .stop, SIGHUP: .reload, SIGUSR1: .reopenLog,
    ]
}
