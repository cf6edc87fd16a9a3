import CLinux
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
        var generation: UInt64 = 0
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var source: (any DispatchSourceRead)?
        var isClosed = false
    }

    private let path: String
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "celery.db.watch")

    init(path: String) { self.path = path }

    /// Counts changes seen. Read it, look, then wait for the number to pass.
    package var generation: UInt64 {
        state.withLock { state in
            if state.source == nil && !state.isClosed { state.source = makeSource() }
            return state.generation
        }
    }

    /// Waits until the generation is greater than `seen`, the deadline passes, or the task is cancelled.
    package func wait(since seen: UInt64, until deadline: ContinuousClock.Instant?) async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    guard state.generation <= seen, !state.isClosed, !Task.isCancelled else { return false }
                    state.waiters[number] = continuation
                    return true
                }
                guard waits else { return continuation.resume() }
                if let deadline { resumeLater(number, at: deadline) }
            }
        } onCancel: {
            resume(number)
        }
    }

    /// Wakes everybody and watches no more.
    func close() {
        let source = state.withLock { state in
            state.isClosed = true
            return state.source.take()
        }
        source?.cancel()
        changed()
    }

    private func resumeLater(_ number: UInt64, at deadline: ContinuousClock.Instant) {
        let seconds = max(0, (deadline - .now) / .seconds(1))
        queue.asyncAfter(deadline: .now() + seconds) { [weak self] in self?.resume(number) }
    }

    private func resume(_ number: UInt64) {
        state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }

    private func changed() {
        let waiters = state.withLock { state in
            state.generation += 1
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    private func makeSource() -> (any DispatchSourceRead)? {
        let descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else { return nil }
        guard inotify_add_watch(descriptor, path, UInt32(IN_ATTRIB)) >= 0 else {
            Glibc.close(descriptor)
            return nil
        }
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { [weak self] in
            var events = [UInt8](repeating: 0, count: 4096)
            while read(descriptor, &events, events.count) > 0 {}
            self?.changed()
        }
        source.setCancelHandler { Glibc.close(descriptor) }
        source.activate()
        return source
    }
}
