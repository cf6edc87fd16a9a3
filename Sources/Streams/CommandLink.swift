import CeleryCore
import Processes
import Synchronization

/// The way of commands to a server: one connection, made when it is needed, and a thread that owns it.
///
/// Commands of several callers share the connection without waiting for one another: what is added while replies are outstanding
/// is sent at once.
package final class CommandLink<Connection: CommandConnection>: Sendable {
    private let options: Connection.Options
    private let core = Mutex<LoopCore<Exchange<Connection>>?>(nil)

    /// Does not connect yet.
    package init(_ options: Connection.Options) { self.options = options }

    deinit { core.withLock { $0?.beginClosing() } }

    /// Sends commands in one go and waits for all replies.
    ///
    /// - Parameter isRepeatable: Whether the commands may be sent again when the connection is lost before the replies have come.
    /// - Returns: A reply for each command, refusals included.
    package func send(
        _ commands: [Connection.Command], isRepeatable: Bool = true
    ) async throws(Connection.Failure) -> [Connection.Reply] {
        do {
            return try await exchange(commands)
        } catch {
            // The server may have closed a connection that was not in use.
            guard error.isLoss, isRepeatable else { throw error }
        }
        return try await exchange(commands)
    }

    private func exchange(_ commands: [Connection.Command]) async throws(Connection.Failure) -> [Connection.Reply] {
        let result = await withCheckedContinuation { continuation in
            let exchange = Exchange<Connection>(commands: commands) { continuation.resume(returning: $0) }
            do {
                if !(try loop().add(exchange)) { exchange.end(.failure(.lost("the connection is closed"))) }
            } catch {
                exchange.end(.failure(.unreachable("\(error)")))
            }
        }
        return try result.get()
    }

    /// The thread's core; the thread is started by the first call.
    private func loop() throws(SystemError) -> LoopCore<Exchange<Connection>> {
        let (core, isNew) = try core.withLock { (core) throws(SystemError) in
            if let core { return (core, false) }
            let made = try LoopCore<Exchange<Connection>>()
            core = made
            return (made, true)
        }
        if isNew {
            WorkThread.start { [options] in
                CommandLoop<Connection>(options, core).run()
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
struct Exchange<Connection: CommandConnection>: Sendable {
    var commands: [Connection.Command]
    /// Called once, on the thread.
    var end: @Sendable (Result<[Connection.Reply], Connection.Failure>) -> Void
}
