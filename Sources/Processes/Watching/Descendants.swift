import CLinux
import Glibc
import Synchronization

/// Everything that was started from here, however far it has gone: a program that forked twice into a
/// session of its own still has us as its ancestor, and as its parent once those between are gone.
package enum Descendants {
    /// Makes this process the new parent of every descendant that loses its own, instead of process 1.
    /// Inherited neither by children nor lost in exec.
    ///
    /// The corresponding C function is `prctl` with `PR_SET_CHILD_SUBREAPER`.
    package static func becomeSubreaper() throws(SystemError) {
        try Syscall.check("become the reaper of orphans") { celery_become_subreaper() }
        isReaper.store(true, ordering: .relaxed)
    }

    /// Whether orphans come to this process, by `becomeSubreaper`. If not, all children that
    /// `reap` could find are those that somebody started here, and waits for.
    package static var isSubreaper: Bool { isReaper.load(ordering: .relaxed) }

    private static let isReaper = Atomic(false)

    /// What `reap` did.
    package struct Reaped: Sendable, Equatable {
        /// Those that were still running and were killed.
        package var killed: Set<ProcessID> = []
        /// Those that did not go in time: they hang in the kernel, on a dead network disk for example.
        package var survivors: Set<ProcessID> = []
    }

    /// Kills whatever is left below this process, and takes the status of all that became its children.
    ///
    /// Costs one system call when nothing is left, so that it can follow every task. A program that is being
    /// started meanwhile by another thread, and is not among the spared yet, is taken for a leftover.
    ///
    /// - Parameters:
    ///   - spared: Children that somebody else waits for; they and all below them are left alone.
    ///   - limit: Upper bound of the time spent. Blocks.
    ///   - table: Where descendants are looked up.
    ///
    /// The corresponding C functions are `kill` and `waitpid`.
    package static func reap(
        sparing spared: Set<ProcessID> = [], within limit: Duration = .seconds(5), table: ProcessTable = ProcessTable()
    ) -> Reaped {
        let deadline = Deadline(after: limit)
        var reaped = Reaped()
        var emptyLooks = 0
        // Round after round, because the doomed may fork until the signal reaches them, and because those
        // farther down become our children only when those above them are gone.
        while hasChildren() {
            let found = table.descendants(of: getpid(), sparing: spared)
            reaped.survivors = Set(found.lazy.filter { !$0.hasEnded }.map(\.id))
            // A list of children is read while they come and go, and may miss one: believe it the second time.
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

    /// Whether there is any child at all, running or ended.
    ///
    /// The corresponding C function is `waitid`; `WNOWAIT` leaves the status to whoever waits for it.
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
