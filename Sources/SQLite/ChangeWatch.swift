import CLinux
import CeleryCore
import Dispatch
import Glibc
import Synchronization

/// Tells when another process, or this one, committed something worth waking for.
///
/// Watches files through `inotify(7)`: of our own databases the time stamp of the WAL, of
/// others whatever is written. Costs nothing while nothing happens. A writer that dies between
/// its commit and the stamp wakes nobody, so waiters give a deadline of a few seconds and look
/// for themselves then.
package final class ChangeWatch: Sendable {
    private struct State {
        var source: (any DispatchSourceRead)?
        var isClosed = false
    }

    private let paths: [String]
    /// `IN_ATTRIB` and its like.
    private let events: UInt32
    private let bell = Bell()
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "celery.db.watch")

    init(paths: [String], events: Int32) {
        self.paths = paths
        self.events = UInt32(events)
    }

    /// Counts changes seen; watching begins with the first call. Read it, look, then
    /// wait for the number to pass.
    package var generation: UInt64 {
        state.withLock { state in
            if state.source == nil && !state.isClosed { state.source = makeSource() }
        }
        return bell.count
    }

    /// Waits until the generation is greater than `seen`, the deadline passes, or the task is cancelled.
    package func wait(since seen: UInt64, until deadline: ContinuousClock.Instant?) async {
        await bell.wait(since: seen, until: deadline)
    }

    /// Whether the kernel tells of changes.
    var isWatching: Bool { state.withLock { $0.source != nil } }

    /// Wakes everybody of this process.
    func ring() { bell.ring() }

    /// Wakes everybody and watches no more.
    func close() {
        let source = state.withLock { state in
            state.isClosed = true
            return state.source.take()
        }
        source?.cancel()
        bell.ring()
    }

    private func makeSource() -> (any DispatchSourceRead)? {
        let descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else { return nil }
        // Those that exist.
        guard paths.count(where: { inotify_add_watch(descriptor, $0, events) >= 0 }) > 0 else {
            Glibc.close(descriptor)
            return nil
        }
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { [bell] in
            var events = [UInt8](repeating: 0, count: 4096)
            while read(descriptor, &events, events.count) > 0 {}
            bell.ring()
        }
        source.setCancelHandler { Glibc.close(descriptor) }
        source.activate()
        return source
    }
}
