import CeleryCore
import Synchronization

/// Orders on their way from the thread that reads the stream to the worker.
final class CommandBook: Sendable {
    private struct State {
        var new: [Revocation] = []
        var pauses: [String: QueuePause] = [:]
        /// Counts what has come.
        var version = 0
        var takenVersion = 0
        /// Whether all that was ordered before the connection was made is known.
        var isCaughtUp = false
    }

    private let state = Mutex(State())
    /// Rings when something has come, or all is known.
    let bell = Bell()

    /// More than workers keep need not wait for them.
    private static let limit = 50_000

    // MARK: For the thread

    /// A new connection: there may be orders that are not known.
    func begin() { state.withLock { $0.isCaughtUp = false } }

    func add(_ entry: CommandStream.Entry) {
        state.withLock { state in
            if entry != .seed { state.version += 1 }
            switch entry {
            case .revoke(let revocation):
                state.new.append(revocation)
                if state.new.count > Self.limit { state.new.removeFirst(Self.limit / 10) }
            case .pause(let queue, let pause): state.pauses[queue] = pause
            case .resume(let queue): state.pauses[queue] = nil
            case .seed: break
            }
        }
        bell.ring()
    }

    func catchUp() {
        state.withLock { $0.isCaughtUp = true }
        bell.ring()
    }

    /// Those that last at this time.
    func pauses(at now: Timestamp) -> [String: QueuePause] {
        state.withLock { $0.pauses.filter { $0.value.holds(at: now) } }
    }

    // MARK: For the worker

    var isCaughtUp: Bool { state.withLock { $0.isCaughtUp } }

    /// What has come since the last time.
    func take(_ now: Timestamp) -> StandingCommands {
        state.withLock { state in
            var commands = StandingCommands()
            commands.revocations = state.new
            commands.pauses = state.pauses.filter { $0.value.holds(at: now) }
            state.new = []
            state.takenVersion = state.version
            return commands
        }
    }

    private var hasNew: Bool { state.withLock { $0.version != $0.takenVersion } }

    /// Waits until there is something to take.
    func waitForNew() async throws {
        while true {
            let seen = bell.count
            if hasNew { return }
            await bell.wait(since: seen, until: nil)
            try Task.checkCancellation()
        }
    }

    /// Waits until all is known that was ordered before.
    func waitUntilCaughtUp() async throws {
        while true {
            let seen = bell.count
            if isCaughtUp { return }
            await bell.wait(since: seen, until: nil)
            try Task.checkCancellation()
        }
    }
}
