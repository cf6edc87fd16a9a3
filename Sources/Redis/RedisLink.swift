import CeleryCore
import Processes
import Synchronization

/// The way of commands to a Redis server: one connection, made when it is needed, and a thread that owns it.
///
/// Commands of several callers share the connection without waiting for one another: what is added while replies are outstanding
/// is sent at once.
package final class RedisLink: Sendable {
    package let options: RedisOptions
    private let core = Mutex<LoopCore<Exchange>?>(nil)

    /// The server, without its password.
    package var location: String { options.location }

    /// Does not connect yet.
    package init(_ options: RedisOptions) { self.options = options }

    deinit { core.withLock { $0?.beginClosing() } }

    /// Sends commands in one go and waits for all replies.
    ///
    /// - Parameter isRepeatable: Whether the commands may be sent again when the connection is lost before the replies have come.
    /// - Returns: A reply for each command, refusals included.
    /// - Throws: `DriverError` without replies.
    package func send(_ commands: [RedisCommand], isRepeatable: Bool = true) async throws -> [RESPValue] {
        guard !commands.isEmpty else { return [] }
        var replies: [RESPValue]
        do {
            replies = try await exchange(commands)
        } catch let error where error.code == .lost && !error.isOfOpening && isRepeatable {
            // The server may have closed a connection that was not in use.
            do { replies = try await exchange(commands) } catch { throw DriverError(error, at: location) }
        } catch {
            throw DriverError(error, at: location)
        }
        let unknown = commands.indices.filter { index in
            if case .error(let text) = replies[index] { commands[index].script != nil && text.hasPrefix("NOSCRIPT") } else { false }
        }
        guard !unknown.isEmpty else { return replies }
        // The server was started anew, or this is the first call; nothing was done yet.
        do {
            for (index, reply) in zip(unknown, try await exchange(unknown.map { commands[$0].withSource })) { replies[index] = reply }
            return replies
        } catch {
            throw DriverError(error, at: location)
        }
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

    private func exchange(_ commands: [RedisCommand]) async throws(RedisError) -> [RESPValue] {
        let result = await withCheckedContinuation { continuation in
            let exchange = Exchange(commands: commands) { continuation.resume(returning: $0) }
            do {
                if !(try loop().add(exchange)) { exchange.end(.failure(.closed)) }
            } catch {
                exchange.end(.failure(RedisError(.unreachable, "\(error)")))
            }
        }
        return try result.get()
    }

    /// The thread's core; the thread is started by the first call.
    private func loop() throws(SystemError) -> LoopCore<Exchange> {
        let (core, isNew) = try core.withLock { (core) throws(SystemError) in
            if let core { return (core, false) }
            let made = try LoopCore<Exchange>()
            core = made
            return (made, true)
        }
        if isNew {
            WorkThread.start { [options] in
                CommandLoop(options, core).run()
                core.ended.set(())
            }
        }
        return core
    }

    /// Waits for outstanding replies, closes the connection and ends the thread.
    package func close() async {
        let core = core.withLock { $0 }
        await core?.close()
    }
}

/// Commands that are sent together, and who waits for their replies.
struct Exchange: Sendable {
    var commands: [RedisCommand]
    /// Called once, on the thread.
    var end: @Sendable (Result<[RESPValue], RedisError>) -> Void
}
