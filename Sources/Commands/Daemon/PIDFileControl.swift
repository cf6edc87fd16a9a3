import CeleryCore
import Glibc
import Processes

/// `--stop`, `--restart` and `--is-running`: acts on the daemon of a pidfile.
struct PIDFileControl {
    let program: DaemonProgram
    let output: Output
    let pidFile: String

    func isRunning() throws -> Int32 {
        guard case .live(let pid) = try PIDFile.state(at: pidFile) else {
            output.note("celery \(program.name): \(nobody)")
            return ExitCode.taskFailed
        }
        output.record(["pid": .int(Int64(pid))], text: "\(pid)")
        return ExitCode.done
    }

    func stop() throws -> Int32 {
        guard try PIDFile.signal(SIGTERM, at: pidFile) != nil else { return notRunning() }
        if try PIDFile.waitUntilGone(at: pidFile, timeout: program.stopPatience) { return ExitCode.done }
        output.error("celery \(program.name): the \(program.noun) of \(pidFile) did not stop within \(program.stopComplaint)")
        return ExitCode.timedOut
    }

    func restart() throws -> Int32 {
        guard try PIDFile.signal(SIGHUP, at: pidFile) != nil else { return notRunning() }
        return ExitCode.done
    }

    private var nobody: String { "no \(program.noun) runs with pidfile \(pidFile)" }

    private func notRunning() -> Int32 {
        output.error("celery \(program.name): \(nobody)")
        return ExitCode.taskFailed
    }
}
