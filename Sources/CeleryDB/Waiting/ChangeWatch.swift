import CeleryCore
import Processes
import Synchronization

/// Reports commits of this and other processes that waiters may be interested in.
///
/// Watches files through `inotify(7)`: the WAL's time stamp for our own databases, any write for others. Costs nothing while
/// nothing happens. A writer that dies between its commit and the time stamp wakes no process, so waiters set a deadline of a few
/// seconds and then look for themselves.
package final class ChangeWatch: Sendable {
    private struct State {
        var registrations: [FileWatcher.Registration] = []
        var isClosed = false
    }

    private let paths: [String]
    /// inotify events, such as `IN_ATTRIB`.
    private let events: UInt32
    private let bell = Bell()
    private let state = Mutex(State())

    init(paths: [String], events: Int32) {
        self.paths = paths
        self.events = UInt32(events)
    }

    /// Counts changes; watching begins with the first call. Read it, look, then wait for the number to pass.
    package var generation: UInt64 {
        state.withLock { state in
            if state.registrations.isEmpty && !state.isClosed {
                // Watch the files that exist.
                state.registrations = paths.compactMap { [bell] in FileWatcher.shared.add($0, events) { bell.ring() } }
            }
        }
        return bell.count
    }

    /// Waits until the generation is greater than `seen`, the deadline passes, or the task is cancelled.
    package func wait(since seen: UInt64, until deadline: ContinuousClock.Instant?) async {
        await bell.wait(since: seen, until: deadline)
    }

    /// Whether the kernel reports changes.
    var isWatching: Bool { state.withLock { !$0.registrations.isEmpty } }

    /// Wakes all waiters in this process.
    func ring() { bell.ring() }

    /// Stops watching and wakes all waiters.
    func close() {
        let registrations = state.withLock { state in
            state.isClosed = true
            defer { state.registrations = [] }
            return state.registrations
        }
        for registration in registrations { FileWatcher.shared.remove(registration) }
        bell.ring()
    }

    deinit { close() }
}
