import CLinux
import Glibc
import Processes
import Synchronization

/// Ends one run of a program from another thread, and only that run.
package final class ProgramStop: Sendable {
    private struct State {
        /// The process group of the program; 0 before it has begun and once it has ended.
        var group: ProcessID = 0
        var signal: Int32?
    }

    private let state = Mutex(State())

    package init() {}

    /// Sends a signal to the program and to all it has started: now, or as soon as it has begun.
    ///
    /// Under the lock nobody waits for the program, so that its number cannot have gone to another.
    package func send(_ signal: Int32) {
        state.withLock { state in
            state.signal = signal
            if state.group > 0 { Self.deliver(signal, to: state.group) }
        }
    }

    /// The program has begun.
    func began(_ leader: ProcessID) {
        state.withLock { state in
            state.group = leader
            if let signal = state.signal { Self.deliver(signal, to: leader) }
        }
    }

    /// The program has ended, and will be waited for.
    func ended() { state.withLock { $0.group = 0 } }

    private static func deliver(_ signal: Int32, to group: ProcessID) {
        // Those that left the group first: they are found by those above them.
        for process in ProcessTable().descendants(of: getpid()) where process.group != group && !process.hasEnded {
            deliver(signal, to: process)
        }
        kill(-group, signal)
        // A stopped one would not hear of it.
        kill(-group, SIGCONT)
    }

    /// By a descriptor, for the number of a grandchild may go to another process at any moment.
    ///
    /// The corresponding C functions are `pidfd_open` and `pidfd_send_signal`.
    private static func deliver(_ signal: Int32, to process: ProcessStat) {
        let number = celery_pidfd_open(process.id)
        guard number >= 0 else { return }
        let descriptor = OwnedDescriptor(owning: number)
        guard ProcessStat(process.id)?.startTicks == process.startTicks else { return }
        _ = celery_pidfd_send_signal(descriptor.number, signal)
        _ = celery_pidfd_send_signal(descriptor.number, SIGCONT)
    }
}
