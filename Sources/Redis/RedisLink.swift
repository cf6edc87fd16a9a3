import CeleryCore
import Streams

/// The way of commands to a Redis server: one connection, made when it is needed, and a thread that owns it.
///
/// Commands of several callers share the connection without waiting for one another: what is added while replies are outstanding
/// is sent at once.
package final class RedisLink: Sendable {
    package let options: RedisOptions
    private let link: CommandLink<RedisConnection>

    /// The server, without its password.
    package var location: String { options.location }

    /// Does not connect yet.
    package init(_ options: RedisOptions) {
        self.options = options
        link = CommandLink(options)
    }

    /// Sends commands in one go and waits for all replies.
    ///
    /// - Parameter isRepeatable: Whether the commands may be sent again when the connection is lost before the replies have come.
    /// - Returns: A reply for each command, refusals included.
    /// - Throws: `DriverError` without replies.
    package func send(_ commands: [RedisCommand], isRepeatable: Bool = true) async throws -> [RESPValue] {
        guard !commands.isEmpty else { return [] }
        do {
            return try await retryingUnknownScripts(commands, try await link.send(commands, isRepeatable: isRepeatable))
        } catch {
            throw DriverError(error, at: location)
        }
    }

    /// Calls scripts that the server does not know once more, with their source.
    private func retryingUnknownScripts(
        _ commands: [RedisCommand], _ replies: [RESPValue]
    ) async throws(RedisError) -> [RESPValue] {
        let unknown = commands.indices.filter { index in
            if case .error(let text) = replies[index] { commands[index].script != nil && text.hasPrefix("NOSCRIPT") } else { false }
        }
        guard !unknown.isEmpty else { return replies }
        // The server was started anew, or this is the first call; nothing was done yet.
        var all = replies
        let retried = try await link.send(unknown.map { commands[$0].withSource }, isRepeatable: false)
        for (index, reply) in zip(unknown, retried) { all[index] = reply }
        return all
    }

    /// The same for commands of which none may be refused.
    ///
    /// - Throws: `DriverError`; the first refusal, after all replies have come.
    package func ask(_ commands: [RedisCommand], isRepeatable: Bool = true) async throws -> [RESPValue] {
        let replies = try await send(commands, isRepeatable: isRepeatable)
        for (command, reply) in zip(commands, replies) {
            if case .error(let text) = reply { throw DriverError(RedisError(reply: text, to: command.name), at: location) }
        }
        return replies
    }

    /// Sends one command.
    package func ask(_ command: RedisCommand, isRepeatable: Bool = true) async throws -> RESPValue {
        try await ask([command], isRepeatable: isRepeatable)[0]
    }

    /// Waits for outstanding replies, closes the connection and ends the thread.
    package func close() async { await link.close() }
}
