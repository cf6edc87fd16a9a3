import CeleryCore
import Glibc
import Processes
import Synchronization

/// The state shared by a thread that owns a connection and its users.
final class ConnectionCore: Sendable {
    /// Work for the thread, which passes its connection or the reason why there is none. An error drops the connection.
    typealias Job = @Sendable (Result<(Connection, any ConnectionUse), RabbitMQError>) -> RabbitMQError?

    private struct State {
        var jobs: [Job] = []
        var isClosing = false
        /// The open socket, so that a hanging call can be ended by another thread; -1 without one.
        var descriptor: Int32 = -1
    }

    private let state = Mutex(State())
    private let waker: Waker
    let ended = SetOnce<Void>()

    init() throws { waker = try Waker() }

    /// - Returns: Whether the job will run; `false` when the thread is about to end.
    func add(_ job: @escaping Job) -> Bool {
        let isTaken = state.withLock { state in
            if !state.isClosing { state.jobs.append(job) }
            return !state.isClosing
        }
        if isTaken { waker.wake() }
        return isTaken
    }

    func beginClosing() {
        state.withLock { $0.isClosing = true }
        waker.wake()
    }

    /// Shuts the socket down. The corresponding C function is `shutdown`.
    func cut() {
        state.withLock { state in
            if state.descriptor >= 0 { _ = shutdown(state.descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Wakes the thread.
    func wake() { waker.wake() }

    // MARK: For the thread

    func takeJobs() -> (jobs: [Job], isClosing: Bool) {
        waker.clear()
        return state.withLock { state in
            defer { state.jobs = [] }
            return (state.jobs, state.isClosing)
        }
    }

    func setDescriptor(_ descriptor: Int32) { state.withLock { $0.descriptor = descriptor } }

    /// Waits for jobs or input.
    ///
    /// - Returns: Whether there is input. The corresponding C function is `poll`.
    func wait(for descriptor: Int32, _ timeout: Duration) -> Bool {
        var entries = [
            pollfd(fd: waker.descriptor.number, events: Int16(POLLIN), revents: 0),
            // poll(2) ignores negative descriptors.
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = Int32(clamping: Int64((timeout.inMilliseconds).rounded(.up)))
        return poll(&entries, 2, max(0, milliseconds)) > 0 && entries[1].revents != 0
    }
}

extension Duration {
    fileprivate var inMilliseconds: Double {
        Double(components.seconds) * 1_000 + Double(components.attoseconds) / 1e15
    }
}
