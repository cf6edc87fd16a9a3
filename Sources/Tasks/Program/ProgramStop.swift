import CLinux
import Glibc
import Processes
import Synchronization

/// Signals one run of a program from another thread: for a revocation or a shutdown. `ProgramRun.watch` enforces time limits.
package final class ProgramStop: Sendable {
    private struct State {
        /// The process group of the program; 0 before its start and after its end.
        var group: ProcessID = 0
        var hasBegun = false
        var signal: Int32?
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether the program was started.
    package var hasBegun: Bool { state.withLock { $0.hasBegun } }

    /// Sends a signal to the program and all its descendants: now, or as soon as the program has started.
    ///
    /// While the lock is held, the program is not reaped, so its process id cannot be reused.
    package func send(_ signal: Int32) {
        state.withLock { state in
            state.signal = signal
            if state.group > 0 { Self.deliver(signal, to: state.group) }
        }
    }

    /// Notes that the program has started.
    func began(_ leader: ProcessID) {
        state.withLock { state in
            state.group = leader
            state.hasBegun = true
            if let signal = state.signal { Self.deliver(signal, to: leader) }
        }
    }

    /// Notes that the program has ended and will be reaped.
    func ended() { state.withLock { $0.group = 0 } }

    private static func deliver(_ signal: Int32, to group: ProcessID) {
        // Descendants outside the group first: they are found through their parents.
        for process in ProcessTable().descendants(of: getpid()) where process.group != group && !process.hasEnded {
            deliver(signal, to: process)
        }
        kill(-group, signal)
        // Stopped processes handle the signal only after SIGCONT.
        kill(-group, SIGCONT)
    }

    /// Signals a descendant through a pidfd, because its process id may be reused at any moment. The corresponding C functions
    /// are `pidfd_open` and `pidfd_send_signal`.
    private static func deliver(_ signal: Int32, to process: ProcessStat) {
        let number = celery_pidfd_open(process.id)
        guard number >= 0 else { return }
        let descriptor = OwnedDescriptor(owning: number)
        guard ProcessStat(process.id)?.startTicks == process.startTicks else { return }
        _ = celery_pidfd_send_signal(descriptor.number, signal)
        _ = celery_pidfd_send_signal(descriptor.number, SIGCONT)
    }
}
