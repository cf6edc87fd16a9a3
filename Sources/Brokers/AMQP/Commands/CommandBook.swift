import CeleryCore
import Synchronization

/// Standing commands on their way from the thread that reads the stream to the worker.
final class CommandBook: Sendable {
    private struct State {
        var new: [Revocation] = []
        var pauses: [String: QueuePause] = [:]
        /// Number of entries read.
        var version = 0
        var takenVersion = 0
        /// Whether all entries written before the connection was made are known.
        var isCaughtUp = false
    }

    private let state = Mutex(State())
    /// Rings when an entry arrives, or all are known.
    let bell = Bell()

    /// Workers keep no more revocations than this.
    private static let limit = 50_000

    // MARK: For the thread

    /// Starts a new connection: there may be unknown entries.
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

    /// Takes over the commands of a file: revocations that are new, and all pauses.
    func put(_ revocations: [Revocation], _ pauses: [String: QueuePause]) {
        for revocation in revocations { add(.revoke(revocation)) }
        state.withLock { state in
            if state.pauses != pauses { state.version += 1 }
            state.pauses = pauses
        }
        bell.ring()
    }

    func catchUp() {
        state.withLock { $0.isCaughtUp = true }
        bell.ring()
    }

    /// Pauses in force at this time.
    func pauses(at now: Timestamp) -> [String: QueuePause] {
        state.withLock { $0.pauses.filter { $0.value.holds(at: now) } }
    }

    // MARK: For the worker

    var isCaughtUp: Bool { state.withLock { $0.isCaughtUp } }

    /// Takes the commands that arrived since the last call.
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

    /// Waits until there are new commands.
    func waitForNew() async throws {
        while true {
            let seen = bell.count
            if hasNew { return }
            await bell.wait(since: seen, until: nil)
            try Task.checkCancellation()
        }
    }

    /// Waits until all earlier commands are known.
    func waitUntilCaughtUp() async throws {
        while true {
            let seen = bell.count
            if isCaughtUp { return }
            await bell.wait(since: seen, until: nil)
            try Task.checkCancellation()
        }
    }
}
