import Glibc

/// The meaning of a signal to the server.
enum WebSignal: DaemonSignal {
    /// TERM, INT, QUIT: stop.
    case stop
    /// HUP: start again, with new settings and credentials.
    case restart
    /// USR1: reopen the log file.
    case reopenLog

    var isEnding: Bool { self == .stop }

    /// The actions by signal number.
    static let table: [Int32: WebSignal] = [
        SIGTERM: .stop, SIGINT: .stop, SIGQUIT: .stop, SIGHUP: .restart, SIGUSR1: .reopenLog,
    ]
}
