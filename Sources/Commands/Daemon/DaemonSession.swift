import CeleryCore
import Glibc
import Logging
import Processes

/// A running daemon: its log, its pidfile, its signals, and the process that waits for its readiness.
struct DaemonSession<Action: DaemonSignal>: Sendable {
    let name: String
    let log: DaemonLog
    let logger: Logger
    let pidFile: PIDFile?
    let readiness: Readiness?
    /// Who starts another in its place when it dies.
    let supervisor: SupervisorLink?
    let signals: DaemonSignals<Action>
    let notifier: SystemdNotifier?

    /// Runs the daemon to its end.
    ///
    /// - Parameter live: The work; returns whether the program shall restart.
    func run(_ live: @Sendable () async throws -> Bool) async throws -> Int32 {
        if let supervisor {
            // A second worker may come with a second supervisor, so that this one is not to stay alone for ever.
            WorkThread.start {
                supervisor.waitUntilGone()
                logger.warning("The supervisor is gone")
                kill(getpid(), SIGTERM)
            }
        }
        let heart = Task { await keepWatchdogQuiet() }
        defer { heart.cancel() }
        let isRestarting: Bool
        do {
            isRestarting = try await live()
        } catch {
            let described = Report.describe(error)
            if readiness != nil || log.isFile { logger.critical("\(described.message)") }
            pidFile?.remove()
            throw error
        }
        if isRestarting {
            logger.info("Restarting \(name) (\(CommandLine.arguments.map { ServiceURL.redact(within: $0) }.joined(separator: " ")))")
            try signals.restart(keeping: pidFile, supervisor)
            logger.warning("Not restarting: a signal has ended \(name) meanwhile")
        }
        pidFile?.remove()
        return ExitCode.done
    }

    /// Reports that the daemon is working.
    func ready() {
        readiness?.ready()
        notifier?.ready()
    }

    func reopenLog() {
        do {
            try log.reopen()
            logger.info("Log file reopened")
        } catch {
            logger.error("\(error)")
        }
    }

    /// Sends watchdog notifications to systemd.
    private func keepWatchdogQuiet() async {
        guard let notifier, let interval = notifier.watchdogInterval else { return }
        while !Task.isCancelled {
            notifier.watchdog()
            try? await Task.sleep(for: interval / 2)
        }
    }
}
