import CLinux
import Glibc

/// Programs that have outlived both the worker and the pool child that ran them.
///
/// A child ends what it runs when its worker is gone, and a worker ends what its children leave behind.
/// Only when both are killed in the same moment is somebody else needed.
package enum Orphans {
    /// The variable by which a program tells the worker it belongs to: its `ProcessIdentity`.
    package static let variable = "CELERY_WORKER_PROCESS"

    /// Kills every process that belongs to a worker which is known to be dead.
    ///
    /// Our own programs are left alone: what runs tasks sees for itself that its worker is gone, and all else, say a
    /// worker that a task has started, only has the variable from there. Processes of other users cannot be
    /// looked at. Takes some milliseconds for each hundred processes of the machine.
    ///
    /// - Returns: how many there were.
    @discardableResult
    package static func kill() -> Int {
        var count = 0
        let here = ProcFile.link("/proc/self/exe")
        for id in ProcFile.numbers(in: "/proc") where id != getpid() {
            guard let worker = worker(of: id), worker.liveness == .dead, ProcFile.link("/proc/\(id)/exe") != here,
                // Taken before the last look, so that no later process of this number is meant.
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
