import CeleryCore
import CeleryDB
import SQLite
import Synchronization

extension SQLiteConsumer: CommandFollowing {
    /// Commits follow one another quickly while much is done; more often than this nobody looks for orders.
    private static let pauseBetweenLooks: Duration = .milliseconds(20)

    func takeCommands() async throws -> StandingCommands {
        let now = broker.now()
        // The first are heeded before anything is taken.
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

    /// Looks after each commit of anybody; costs nothing while nothing happens.
    func waitForCommands() async throws {
        let known = lastCommand.withLock { $0 }
        // Whoever waits for the next has heeded the last.
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

    /// Whether there are orders that the worker does not heed yet.
    func hasNewCommands(in db: Database) throws -> Bool {
        guard let heeded = heededCommand.withLock({ $0 }) else { return false }
        return try StandingCommandTable.last(in: db) > heeded
    }
}
