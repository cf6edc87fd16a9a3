import Glibc

/// What a signal asks of a beat.
enum BeatSignal: DaemonSignal {
    /// TERM, INT, QUIT: stop; nothing is under way that could be lost.
    case stop
    /// HUP: read settings and tasks anew.
    case reload
    /// USR1: open the log file anew.
    case reopenLog

    var isEnding: Bool { self == .stop }

    /// Which signal means what.
    static let table: [Int32: BeatSignal] = [
        SIGTERM: .stop, SIGINT: .stop, SIGQUIT: .stop, SIGHUP: .reload, SIGUSR1: .reopenLog,
    ]
}
