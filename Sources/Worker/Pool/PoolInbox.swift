import Processes
import Synchronization

/// The commands for a thread that works for the pool, in order. Never blocks.
final class PoolInbox: Sendable {
    private let commands = Mutex<[PoolCommand]>([])
    /// Wakes the thread.
    let waker: Waker

    /// - Throws: `SystemError` when the descriptor cannot be created.
    init() throws(SystemError) { waker = try Waker() }

    func send(_ command: PoolCommand) {
        commands.withLock { $0.append(command) }
        waker.wake()
    }

    /// Takes the commands sent so far.
    func take() -> [PoolCommand] {
        waker.clear()
        return commands.withLock { commands in
            defer { commands = [] }
            return commands
        }
    }
}
