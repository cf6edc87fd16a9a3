import Processes
import Synchronization

/// The meaning of a signal to a daemon.
protocol DaemonSignal: Sendable {
    /// Whether the daemon shall end without a restart.
    var isEnding: Bool { get }
}

/// The signals of a daemon, and whether one of them prevents a restart.
///
/// A daemon restarts by executing its program again, and a signal may arrive at any moment. Signals are blocked
/// in all threads, so an unread signal stays pending across `execve` and reaches the new program. A signal that has
/// been read is recorded immediately: reading, recording and executing are protected by one lock.
final class DaemonSignals<Action: DaemonSignal>: Sendable {
    private let signals: Signals<Action>
    private let isEnding = Mutex(false)

    /// Blocks the signals in this thread, and in those it starts.
    init(_ table: [Int32: Action]) throws(SystemError) { signals = try Signals(table) }

    /// Signals as they arrive; for one reader.
    var deliveries: AsyncStream<Signals<Action>.Delivery> {
        AsyncStream { continuation in
            // The thread ends with the process.
            WorkThread.start { [self] in
                while (try? signals.descriptor.waitReadable(timeout: nil)) == true {
                    if let delivery = read() { continuation.yield(delivery) }
                }
                continuation.finish()
            }
        }
    }

    private func read() -> Signals<Action>.Delivery? {
        isEnding.withLock { isEnding in
            guard let delivery = try? signals.next(timeout: .zero) else { return nil }
            if delivery.action.isEnding { isEnding = true }
            return delivery
        }
    }

    /// Executes the program again; returns only if a signal has ended the daemon.
    ///
    /// - Throws: `SystemError` if the program cannot be executed.
    func restart(keeping pidFile: PIDFile?, _ supervisor: SupervisorLink?) throws(SystemError) {
        try isEnding.withLock { (isEnding) throws(SystemError) in
            if !isEnding { try OwnExecutable.restart(keeping: pidFile, supervisor) }
        }
    }
}
