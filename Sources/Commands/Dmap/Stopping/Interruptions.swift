import Glibc
import Processes

/// Watches for signals, and for a reader of the results that goes away, on a thread of its own.
///
/// The first signal stops the dmap, the second one revokes what runs, the third one ends the process at once.
struct Interruptions: Sendable {
    private let signals: Signals<Int32>
    private let watchesOutput: Bool

    /// Takes the signals. To be called while the process has a single thread.
    ///
    /// - Parameter watchesOutput: Whether results go to stdout.
    init(watchesOutput: Bool) throws(SystemError) {
        SignalDispositions.settle()
        signals = try Signals([SIGINT: SIGINT, SIGTERM: SIGTERM, SIGHUP: SIGHUP])
        self.watchesOutput = watchesOutput
    }

    /// Starts to watch.
    func watch(_ post: @escaping @Sendable (DmapEvent) -> Void) {
        WorkThread.start { run(post) }
    }

    private func run(_ post: @Sendable (DmapEvent) -> Void) {
        var count = 0
        var sees = watchesOutput
        while true {
            // No events are asked for: an error is told in any case, when the last reader of a pipe closes it.
            var watched = [
                pollfd(fd: signals.descriptor.number, events: Int16(POLLIN), revents: 0),
                pollfd(fd: sees ? STDOUT_FILENO : -1, events: 0, revents: 0),
            ]
            guard poll(&watched, 2, -1) >= 0 || errno == EINTR else { return }
            if watched[1].revents != 0 {
                sees = false
                post(.outputClosed)
            }
            while let signal = try? signals.next(timeout: .zero) {
                count += 1
                if count == 3 { _exit(128 + signal.signal) }
                post(.interrupted(signal.signal))
            }
        }
    }
}
