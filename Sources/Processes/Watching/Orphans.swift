import CLinux
import Glibc

/// Programs that have outlived both the worker and the pool child that ran them.
///
/// A child ends its program when its worker dies, and a worker ends the programs that its children leave behind.
/// Programs are orphaned only if both are killed at the same moment.
package enum Orphans {
    /// The environment variable with the `ProcessIdentity` of the worker that a program belongs to.
    package static let variable = "CELERY_WORKER_PROCESS"

    /// Kills every process whose worker is known to be dead.
    ///
    /// Processes of this executable are left alone: a pool child notices the death of its worker itself, and any other
    /// process, such as a worker started by a task, merely inherited the variable. Processes of other users
    /// cannot be inspected. Takes a few milliseconds per hundred processes of the machine.
    ///
    /// - Returns: the number of killed processes.
    @discardableResult
    package static func kill() -> Int {
        var count = 0
        let here = ProcFile.link("/proc/self/exe")
        for id in ProcFile.numbers(in: "/proc") where id != getpid() {
            guard let worker = worker(of: id), worker.liveness == .dead, ProcFile.link("/proc/\(id)/exe") != here,
                // Open the pidfd before checking again, so that a reused number is not killed.
                let process = try? SpawnedProcess.openPIDFD(id), self.worker(of: id) == worker
            else { continue }
            if celery_pidfd_send_signal(process.number, SIGKILL) == 0 { count += 1 }
        }
        return count
    }

    private static func worker(of id: ProcessID) -> ProcessIdentity? {
        guard let environment = ProcFile.text("/proc/\(id)/environ") else { return nil }
        let prefix = "\(variable)="
        let entry = environment.split(separator: "\0").first { $0.hasPrefix(prefix) }
        return entry.flatMap { ProcessIdentity(String($0.dropFirst(prefix.count))) }
    }
}
