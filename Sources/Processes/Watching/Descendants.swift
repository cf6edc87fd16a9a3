import CLinux
import Glibc
import Synchronization

/// All processes descended from this one: even a program that forked twice into a new session
/// has this process as ancestor, and as parent once the processes between have ended.
package enum Descendants {
    /// Makes this process, instead of process 1, the new parent of orphaned descendants.
    /// The property is not inherited by children and survives exec.
    ///
    /// The corresponding C function is `prctl` with `PR_SET_CHILD_SUBREAPER`.
    package static func becomeSubreaper() throws(SystemError) {
        try Syscall.check("become the reaper of orphans") { celery_become_subreaper() }
        isReaper.store(true, ordering: .relaxed)
    }

    /// Whether `becomeSubreaper` was called. If not, every child was started by code of this process
    /// that also waits for it.
    package static var isSubreaper: Bool { isReaper.load(ordering: .relaxed) }

    private static let isReaper = Atomic(false)
    private static let kept = Mutex<Set<ProcessID>>([])

    /// Starts a child that `reap` leaves alone, with its descendants, until `release`: the caller waits for it.
    package static func keeping(_ start: () throws(SystemError) -> SpawnedProcess) throws(SystemError) -> SpawnedProcess {
        let result = kept.withLock { kept in
            Result { () throws(SystemError) in
                let process = try start()
                kept.insert(process.id)
                return process
            }
        }
        return try result.get()
    }

    /// Ends `keeping`, once the caller has waited for the child.
    package static func release(_ process: SpawnedProcess) { kept.withLock { _ = $0.remove(process.id) } }

    /// The result of `reap`.
    package struct Reaped: Sendable, Equatable {
        /// Processes that were running and were killed.
        package var killed: Set<ProcessID> = []
        /// Processes that did not end in time because they hang in the kernel, for example on a dead network disk.
        package var survivors: Set<ProcessID> = []
    }

    /// Kills all descendants of this process, and reaps those that became its children.
    ///
    /// Costs one system call if there are no descendants, so it can follow every task. A program that another
    /// thread starts meanwhile is also killed unless it is spared or kept.
    ///
    /// - Parameters:
    ///   - spared: Children that other code waits for; they and their descendants are left alone.
    ///   - limit: Maximum time to block.
    ///   - table: The source of descendants; not used when there are none.
    ///
    /// The corresponding C functions are `kill` and `waitpid`.
    package static func reap(
        sparing spared: Set<ProcessID> = [], within limit: Duration = .seconds(5), table: @autoclosure () -> ProcessTable = ProcessTable()
    ) -> Reaped {
        let deadline = Deadline(after: limit)
        var reaped = Reaped()
        var emptyLooks = 0
        // Repeat, because killed processes may fork until the signal reaches them, and because indirect
        // descendants become our children only when their parents have ended.
        while hasChildren() {
            // With the lock: a child that is being started is not in the list, or is kept by then.
            let found = kept.withLock { table().descendants(of: getpid(), sparing: spared.union($0)) }
            reaped.survivors = Set(found.lazy.filter { !$0.hasEnded }.map(\.id))
            // A list of children may miss one that starts while it is read: require two empty lists.
            emptyLooks = found.isEmpty ? emptyLooks + 1 : 0
            if emptyLooks == 2 || deadline.hasPassed { return reaped }
            for process in found where !process.hasEnded && kill(process.id, SIGKILL) == 0 {
                reaped.killed.insert(process.id)
            }
            for process in found where process.parent == getpid() { waitFor(process.id, deadline) }
        }
        reaped.survivors = []
        return reaped
    }

    /// Whether there is any child, running or ended.
    ///
    /// The corresponding C function is `waitid`; with `WNOWAIT` the child can still be waited for.
    private static func hasChildren() -> Bool {
        var info = siginfo_t()
        return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | Int32(bitPattern: UInt32(__WALL))) == 0
    }

    /// Waits for a killed child until the deadline.
    private static func waitFor(_ child: ProcessID, _ deadline: Deadline) {
        guard let pidfd = try? SpawnedProcess.openPIDFD(child),
            (try? pidfd.waitReadable(timeout: deadline.remaining)) == true
        else { return }
        var status: Int32 = 0
        waitpid(child, &status, WNOHANG | Int32(bitPattern: UInt32(__WALL)))
    }
}
