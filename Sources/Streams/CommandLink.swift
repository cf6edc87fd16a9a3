/// The way of commands to a server: one connection, made when it is needed, and a thread that owns it.
///
/// Commands of several callers share the connection without waiting for one another: what is added while replies are outstanding
/// is sent at once.
package final class CommandLink<Connection: CommandConnection>: Sendable {
    private let thread: LoopThread<Exchange<Connection>>

    /// Does not connect yet.
    package init(_ options: Connection.Options) {
        thread = LoopThread { CommandLoop<Connection>(options, $0).run() }
    }

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
        try await thread.perform { Exchange(commands: commands, end: $0) }
    }

    /// Waits for outstanding replies, closes the connection and ends the thread.
    package func close() async { await thread.close() }
}

/// Commands that are sent together, and who waits for their replies.
struct Exchange<Connection: CommandConnection>: Sendable {
    var commands: [Connection.Command]
    var asked = ContinuousClock.now
    /// Called once, on the thread.
    var end: @Sendable (Result<[Connection.Reply], Connection.Failure>) -> Void
}
