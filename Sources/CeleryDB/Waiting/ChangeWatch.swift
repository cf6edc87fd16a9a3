import CeleryCore
import Synchronization

/// Tells when another process, or this one, committed something worth waking for.
///
/// Watches files through `inotify(7)`: of our own databases the time stamp of the WAL, of
/// others whatever is written. Costs nothing while nothing happens. A writer that dies between
/// its commit and the stamp wakes nobody, so waiters give a deadline of a few seconds and look
/// for themselves then.
package final class ChangeWatch: Sendable {
    private struct State {
        var registrations: [FileWatcher.Registration] = []
        var isClosed = false
    }

    private let paths: [String]
    /// `IN_ATTRIB` and its like.
    private let events: UInt32
    private let bell = Bell()
    private let state = Mutex(State())

    init(paths: [String], events: Int32) {
        self.paths = paths
        self.events = UInt32(events)
    }

    /// Counts changes seen; watching begins with the first call. Read it, look, then
    /// wait for the number to pass.
    package var generation: UInt64 {
        state.withLock { state in
            if state.registrations.isEmpty && !state.isClosed {
                // Those that exist.
                state.registrations = paths.compactMap { FileWatcher.shared.add($0, events, bell) }
            }
        }
        return bell.count
    }

    /// Waits until the generation is greater than `seen`, the deadline passes, or the task is cancelled.
    package func wait(since seen: UInt64, until deadline: ContinuousClock.Instant?) async {
        await bell.wait(since: seen, until: deadline)
    }

    /// Whether the kernel tells of changes.
    var isWatching: Bool { state.withLock { !$0.registrations.isEmpty } }

    /// Wakes everybody of this process.
    func ring() { bell.ring() }

    /// Wakes everybody and watches no more.
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
