import Glibc
import Logging
import Processes

/// The meaning of a signal to a server: `celery web` and `celery broker`.
enum ServerSignal: DaemonSignal {
    /// TERM, INT, QUIT: stop.
    case stop
    /// HUP: start again, with new settings, credentials and keys.
    case restart
    /// USR1: reopen the log file.
    case reopenLog

    var isEnding: Bool { self == .stop }

    /// The actions by signal number.
    static let table: [Int32: ServerSignal] = [
        SIGTERM: .stop, SIGINT: .stop, SIGQUIT: .stop, SIGHUP: .restart, SIGUSR1: .reopenLog,
    ]
}

extension DaemonSession<ServerSignal> {
    /// Obeys signals until one ends the server.
    ///
    /// - Returns: Whether it shall start again.
    func obeySignals() async -> Bool {
        for await delivery in signals.deliveries {
            let name = Signal.name(of: delivery.signal)
            switch delivery.action {
            case .stop:
                logger.warning("Got signal \(name): stopping")
                return false
            case .restart:
                logger.info("Got signal \(name): starting again with new settings")
                notifier?.reloading()
                return true
            case .reopenLog: reopenLog()
            }
        }
        return false
    }
}
