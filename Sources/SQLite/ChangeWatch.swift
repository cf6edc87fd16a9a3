import CLinux
import CeleryCore
import Dispatch
import Glibc
import Synchronization

/// Tells when another process, or this one, committed something worth waking for.
///
/// Watches the time stamp of the WAL through `inotify(7)`. Costs nothing while nothing
/// happens. A writer that dies between its commit and the stamp wakes nobody, so waiters
/// give a deadline of a few seconds and look for themselves then.
package final class ChangeWatch: Sendable {
    private struct State {
        var source: (any DispatchSourceRead)?
        var isClosed = false
    }

    private let path: String
    private let bell = Bell()
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "celery.db.watch")

    init(path: String) { self.path = path }

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
        guard inotify_add_watch(descriptor, path, UInt32(IN_ATTRIB)) >= 0 else {
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
