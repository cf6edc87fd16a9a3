package import CeleryCore
import Glibc
package import Processes
import Synchronization

/// The state shared by a thread that owns a connection and its users.
package final class LoopCore<Job: Sendable>: Sendable {
    private struct State {
        var jobs: [Job] = []
        var isClosing = false
        /// The open socket, so that another thread can end what hangs on it; -1 without one.
        var descriptor: Int32 = -1
    }

    private let state = Mutex(State())
    private let waker: Waker
    /// Set when the thread has ended.
    package let ended = SetOnce<Void>()

    /// Makes the descriptor by which the thread is woken.
    package init() throws(SystemError) { waker = try Waker() }

    /// - Returns: Whether the thread will see the job; `false` when it is about to end.
    package func add(_ job: Job) -> Bool {
        let isTaken = state.withLock { state in
            if !state.isClosing { state.jobs.append(job) }
            return !state.isClosing
        }
        if isTaken { waker.wake() }
        return isTaken
    }

    /// Asks the thread to end, once all is answered.
    package func beginClosing() {
        state.withLock { $0.isClosing = true }
        waker.wake()
    }

    /// Shuts the socket down. The corresponding C function is `shutdown`.
    package func cut() {
        state.withLock { state in
            if state.descriptor >= 0 { _ = shutdown(state.descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Asks the thread to end, and waits until it has; cuts the connection if that takes more than five seconds.
    package func close() async {
        let alarm = Task {
            try await Task.sleep(for: .seconds(5))
            self.cut()
        }
        beginClosing()
        await ended.value()
        alarm.cancel()
    }

    // MARK: For the thread

    /// Readable when there are jobs, for a thread that does not wait by `wait`.
    package var signal: Int32 { waker.descriptor.number }

    /// The jobs added since the last call, and whether they are the last.
    package func takeJobs() -> (jobs: [Job], isClosing: Bool) {
        waker.clear()
        return state.withLock { state in
            defer { state.jobs = [] }
            return (state.jobs, state.isClosing)
        }
    }

    /// Notes the open socket; -1 without one.
    package func setDescriptor(_ descriptor: Int32) { state.withLock { $0.descriptor = descriptor } }

    /// Waits for jobs, for input and, if there is output, for room for it. The corresponding C function is `poll`.
    ///
    /// - Parameter descriptor: The socket; -1 without one.
    package func wait(for descriptor: Int32, wantsToSend: Bool, _ timeout: Duration) {
        var entries = [
            pollfd(fd: waker.descriptor.number, events: Int16(POLLIN), revents: 0),
            // poll(2) ignores negative descriptors.
            pollfd(fd: descriptor, events: Int16(POLLIN) | (wantsToSend ? Int16(POLLOUT) : 0), revents: 0),
        ]
        _ = poll(&entries, 2, timeout.pollTimeout)
    }
}
