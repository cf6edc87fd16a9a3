import Glibc
import Processes

/// `--stop`, `--restart` and `--is-running`: acting on the worker of a pidfile.
struct PIDFileControl {
    let context: CommandContext
    let pidFile: String

    /// How long `--stop` waits for running tasks to finish.
    private static let patience: Duration = .seconds(3_600)

    func isRunning() throws -> Int32 {
        guard case .live(let pid) = try PIDFile.state(at: pidFile) else {
            context.output.note("celery celeryd: no worker runs with pidfile \(pidFile)")
            return ExitCode.taskFailed
        }
        context.output.record(["pid": .int(Int64(pid))], text: "\(pid)")
        return ExitCode.done
    }

    func stop() throws -> Int32 {
        guard try PIDFile.signal(SIGTERM, at: pidFile) != nil else { return notRunning() }
        if try PIDFile.waitUntilGone(at: pidFile, timeout: Self.patience) { return ExitCode.done }
        context.output.error("celery celeryd: the worker of \(pidFile) did not stop within an hour; its tasks still run")
        return ExitCode.timedOut
    }

    func restart() throws -> Int32 {
        guard try PIDFile.signal(SIGHUP, at: pidFile) != nil else { return notRunning() }
        return ExitCode.done
    }

    private func notRunning() -> Int32 {
        context.output.error("celery celeryd: no worker runs with pidfile \(pidFile)")
        return ExitCode.taskFailed
    }
}
