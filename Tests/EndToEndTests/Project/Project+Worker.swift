import Fixtures
import Glibc
import Processes
import Testing

extension Project {
    /// Starts a detached worker: pidfile `w.pid`, log `w.log`.
    func startWorker(_ options: String = "", with variables: [String: String] = [:], program: String = "celery") throws {
        _ = try run("\(program) celeryd --detach -p w.pid -f w.log -c2 \(options)", with: variables).text
    }

    /// Stops it, and waits until it is gone.
    func stopWorker() throws {
        _ = try run("celery celeryd --stop -p w.pid").text
    }

    /// The worker's process id.
    var workerID: Int32 {
        get throws { try #require(Int32(read("w.pid").filter(\.isNumber))) }
    }

    func signalWorker(_ signal: Int32) throws { kill(try workerID, signal) }

    /// Stops the worker, or another process, by SIGSTOP when it neither holds the database nor is about to: others would wait for it,
    /// and then say so.
    func haltWorker(_ process: Int32? = nil) throws {
        let id = try process ?? workerID
        let files = ["celery.db", "results.db"].flatMap { name in ["", "-wal", "-shm"].map { "\(path)/\(name)\($0)" } }
        let isHalted = try eventually {
            try #require(kill(id, SIGSTOP) == 0)
            let isStill = eventually {
                let threads = FolderNames.of("/proc/\(id)/task").compactMap { Int32($0) }
                return !threads.isEmpty && threads.allSatisfy { ProcessStat($0)?.state == "T" }
            }
            let locks = files.flatMap { FileLocks(path: $0).locks }
            if isStill, !locks.contains(where: { $0.process == id && $0.isExclusive }) { return true }
            kill(id, SIGCONT)
            return false
        }
        try #require(isHalted)
    }

    var log: String { read("w.log") }

    /// The worker's pool children.
    var poolChildren: [Int32] {
        get throws {
            let worker = try workerID
            return Leftovers.processes(of: folder).filter { Leftovers.parent(of: $0) == worker }
        }
    }

    /// Submits a task and gives its id.
    func apply(_ words: String) throws -> String { try run("celery apply \(words)").text }

    func state(of id: String) throws -> String {
        try run("celery status \(id)").output.split(separator: "\t").last.map { $0.filter { $0 != "\n" } } ?? ""
    }
}
