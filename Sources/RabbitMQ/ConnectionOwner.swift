import CeleryCore
import Processes

/// The owner of one connection: a thread that connects, serves the socket, does what
/// others ask of it, and connects again when the connection is lost.
package final class ConnectionOwner: Sendable {
    package enum Policy: Sendable {
        /// Connects when there is something to do; whoever asked is told when that fails.
        case onDemand
        /// Stays connected, trying again with growing pauses.
        case always
    }

    private let core: ConnectionCore

    /// Starts the thread. It ends when this goes, or by `close`.
    ///
    /// - Parameters:
    ///   - alternatives: tried in this order, beginning with the one that worked last.
    ///   - makeUse: makes what the connection is for, on the thread.
    package init(
        _ alternatives: [ConnectionOptions], _ policy: Policy, _ makeUse: @escaping @Sendable () -> any ConnectionUse
    ) throws {
        core = try ConnectionCore()
        WorkThread.start { [core] in
            ConnectionLoop(alternatives: alternatives, policy: policy, use: makeUse(), core: core).run()
            core.ended.set(())
        }
    }

    deinit { core.beginClosing() }

    /// Does something on the thread.
    ///
    /// - Parameters:
    ///   - limit: After this time the connection is cut, which ends every call on it with an error.
    ///   - body: On the thread; an error of its own drops the connection.
    /// - Throws: `RabbitMQError` of connecting, or of `body`.
    package func perform<Use: ConnectionUse, Value: Sendable>(
        as type: Use.Type, within limit: Duration, _ body: @escaping @Sendable (Connection, Use) throws(RabbitMQError) -> Value
    ) async throws -> Value {
        let alarm = Task {
            try await Task.sleep(for: limit)
            self.cut()
        }
        defer { alarm.cancel() }
        return try await withCheckedThrowingContinuation { continuation in
            submit { ready in
                do throws(RabbitMQError) {
                    let (connection, use) = try ready.get()
                    guard let use = use as? Use else { throw RabbitMQError(.lost, "a connection of another kind") }
                    continuation.resume(returning: try body(connection, use))
                    return nil
                } catch {
                    continuation.resume(throwing: error)
                    return error
                }
            }
        }
    }

    /// Like `perform`, without waiting and without an answer.
    ///
    /// - Parameter body: Called in any case: with the reason when there is no connection, and by the caller itself when
    ///   the owner is closed.
    package func perform<Use: ConnectionUse>(
        as type: Use.Type, _ body: @escaping @Sendable (Result<(Connection, Use), RabbitMQError>) -> RabbitMQError?
    ) {
        submit { ready in
            body(
                ready.flatMap { connection, use in
                    guard let use = use as? Use else { return .failure(RabbitMQError(.lost, "a connection of another kind")) }
                    return .success((connection, use))
                })
        }
    }

    private func submit(_ job: @escaping ConnectionCore.Job) {
        if !core.add(job) { _ = job(.failure(.closed)) }
    }

    /// Has the thread look after its connection, as when something has come.
    package func wake() { core.wake() }

    /// Ends whatever call the thread is in, by shutting the socket down.
    package func cut() { core.cut() }

    /// Does what was asked for before, says goodbye to the server and ends the thread.
    package func close() async {
        let alarm = Task { [core] in
            try await Task.sleep(for: .seconds(5))
            core.cut()
        }
        core.beginClosing()
        await core.ended.value()
        alarm.cancel()
    }

    /// Ends the connection where it is, and the thread, which does not connect again.
    package func abort() async {
        core.beginClosing()
        core.cut()
        await core.ended.value()
    }
}
