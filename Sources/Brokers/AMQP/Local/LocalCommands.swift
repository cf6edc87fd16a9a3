import CeleryCore
import CeleryDB

/// Follows the commands in the project's file for a worker at a server without streams.
struct LocalCommands: Sendable {
    let local: LocalBroker
    let book: CommandBook
    let now: @Sendable () -> Timestamp

    /// Between looks: on a busy file commits follow one another quickly.
    private static let pauseBetweenLooks: Duration = .milliseconds(20)

    /// Reads all commands, then new ones as they come, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - known: Called when the commands are known, and when the file cannot tell them: the worker gets nothing before.
    ///   - trouble: Gets the reason when the file cannot be read; the worker goes on without its commands.
    func follow(known: @Sendable () async -> Void, trouble: @Sendable (String) -> Void) async {
        var last: Int64 = 0
        var hasReported = false
        while !Task.isCancelled {
            do {
                let file = try local.broker().file
                let seen = file.watch.generation
                let (before, now) = (last, now())
                let (revocations, newest, pauses) = try await file.read { db in
                    let (revocations, newest) = try StandingCommandTable.revocations(after: before, now: now, in: db)
                    return (revocations, newest, try StandingCommandTable.pauses(now: now, in: db))
                }
                last = newest
                book.put(revocations, pauses)
                await known()
                hasReported = false
                await file.watch.wait(since: seen, until: .now + SQLiteConsumer.fallbackPoll)
                try await Task.sleep(for: Self.pauseBetweenLooks)
            } catch {
                if error is CancellationError { return }
                if !hasReported { trouble("this worker learns of revoked tasks and paused queues only while it runs: \(error)") }
                hasReported = true
                await known()
                try? await Task.sleep(for: .seconds(5))
            }
        }
    }
}
