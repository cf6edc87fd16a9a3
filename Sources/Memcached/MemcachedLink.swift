import CeleryCore
import Streams

/// The way of commands to Memcached servers: a connection to each, made when it is needed.
///
/// A server that is away is an error for its keys, and is not replaced by another: who keeps a result waits until it is back, and
/// nobody finds a chord half here and half there. Python's client goes to the other servers for a minute.
package final class MemcachedLink: Sendable {
    package let options: MemcachedOptions
    private let links: [CommandLink<MemcachedConnection>]
    private let choice: ServerChoice

    /// The servers.
    package var location: String { options.location }

    /// Keys of one `gets`.
    private static let batch = 100

    /// Does not connect yet.
    package init(_ options: MemcachedOptions) {
        self.options = options
        links = options.servers.map { CommandLink(options.only($0)) }
        choice = ServerChoice(options.servers)
    }

    /// Sends commands of one key each, in one go to each server, and waits for all replies.
    ///
    /// - Parameter isRepeatable: Whether the commands may be sent again when a connection is lost before the replies have come.
    /// - Returns: A reply for each command, refusals included.
    /// - Throws: `DriverError` without replies.
    package func send(_ commands: [MemcachedCommand], isRepeatable: Bool = true) async throws -> [MemcachedReply] {
        let places = Dictionary(grouping: commands.indices) { choice.server(of: commands[$0].key) }
        return try await withThrowingTaskGroup(of: [(Int, MemcachedReply)].self) { group in
            for (server, indices) in places {
                group.addTask { [self] in
                    let replies = try await send(indices.map { commands[$0] }, to: server, isRepeatable: isRepeatable)
                    return Array(zip(indices, replies))
                }
            }
            var all = [MemcachedReply](repeating: .word(""), count: commands.count)
            for try await part in group {
                for (index, reply) in part { all[index] = reply }
            }
            return all
        }
    }

    private func send(
        _ commands: [MemcachedCommand], to server: Int, isRepeatable: Bool
    ) async throws -> [MemcachedReply] {
        do {
            return try await links[server].send(commands, isRepeatable: isRepeatable)
        } catch {
            throw DriverError(error, at: options.only(options.servers[server]).location)
        }
    }

    /// The same for one command, which may not be refused.
    package func ask(_ command: MemcachedCommand, isRepeatable: Bool = true) async throws -> MemcachedReply {
        let reply = try await send([command], isRepeatable: isRepeatable)[0]
        try check(reply, to: command)
        return reply
    }

    /// The values of keys; keys without one are absent.
    ///
    /// - Throws: `DriverError`.
    package func values(of keys: [String]) async throws -> [String: MemcachedValue] {
        let places = Dictionary(grouping: keys.distinct) { choice.server(of: $0) }
        return try await withThrowingTaskGroup(of: [MemcachedValue].self) { group in
            for (server, keys) in places {
                group.addTask { [self] in
                    let commands = stride(from: 0, to: keys.count, by: Self.batch).map { start in
                        MemcachedCommand.get(Array(keys[start..<min(start + Self.batch, keys.count)]))
                    }
                    let replies = try await send(commands, to: server, isRepeatable: true)
                    var found: [MemcachedValue] = []
                    for (command, reply) in zip(commands, replies) {
                        try check(reply, to: command)
                        if case .values(let values) = reply { found += values }
                    }
                    return found
                }
            }
            var all: [String: MemcachedValue] = [:]
            for try await part in group {
                for value in part { all[value.key] = value }
            }
            return all
        }
    }

    /// - Throws: `DriverError` for a refusal.
    package func check(_ reply: MemcachedReply, to command: MemcachedCommand) throws {
        guard case .error(let text) = reply else { return }
        throw DriverError(MemcachedError(reply: text, to: command.name), at: location)
    }

    /// Waits for outstanding replies, closes the connections and ends their threads.
    package func close() async {
        await withTaskGroup(of: Void.self) { group in
            for link in links { group.addTask { await link.close() } }
        }
    }
}
