import CeleryCore
import CeleryDB
import SQLite
import Synchronization

extension SQLiteConsumer: CommandFollowing {
    /// Pause between looks for commands: on a busy file commits follow one another quickly.
    private static let pauseBetweenLooks: Duration = .milliseconds(20)

    func takeCommands() async throws -> StandingCommands {
        let now = broker.now()
        // The first commands are in force before any message is taken.
        defer { heededCommand.withLock { $0 = $0 ?? lastCommand.withLock { $0 } } }
        let after = lastCommand.withLock { $0 }
        let (commands, last) = try await broker.file.read { db in
            var commands = StandingCommands()
            let (revocations, last) = try StandingCommandTable.revocations(after: after, now: now, in: db)
            commands.revocations = revocations
            commands.pauses = try StandingCommandTable.pauses(now: now, in: db)
            return (commands, last)
        }
        lastCommand.withLock { $0 = max($0, last) }
        return commands
    }

    /// Looks after each commit of any process; costs nothing while there are none.
    func waitForCommands() async throws {
        let known = lastCommand.withLock { $0 }
        // Waiting for the next command means that the last one is in force.
        let isNews = heededCommand.withLock { heeded in
            defer { heeded = known }
            return heeded != known
        }
        if isNews { broker.file.wake() }
        while true {
            let seen = broker.file.watch.generation
            if try await broker.file.read({ try StandingCommandTable.last(in: $0) }) > known { return }
            await broker.file.watch.wait(since: seen, until: .now + Self.fallbackPoll)
            try await Task.sleep(for: Self.pauseBetweenLooks)
        }
    }

    /// Whether there are commands that the worker has not applied yet.
    func hasNewCommands(in db: Database) throws -> Bool {
        guard let heeded = heededCommand.withLock({ $0 }) else { return false }
        return try StandingCommandTable.last(in: db) > heeded
    }
}
