import CeleryCore
import Processes

/// Owns one connection: a thread that connects, serves the socket, runs submitted work, and reconnects after a loss.
package final class ConnectionOwner: Sendable {
    package enum Policy: Sendable {
        /// Connects when there is work; a failure is reported to the caller.
        case onDemand
        /// Stays connected, with growing pauses between attempts.
        case always
    }

    private let core: ConnectionCore

    /// Starts the thread, which ends when the owner is released or closed.
    ///
    /// - Parameters:
    ///   - alternatives: Tried in order, beginning with the one that worked last.
    ///   - makeUse: Creates the use of the connection, on the thread.
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

    /// Runs `body` on the thread.
    ///
    /// - Parameters:
    ///   - limit: After this time the connection is cut, which ends every call on it with an error.
    ///   - body: Runs on the thread; an error drops the connection.
    /// - Throws: `RabbitMQError` from connecting or from `body`.
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

    /// Like `perform`, without waiting for a result.
    ///
    /// - Parameter body: Always called: with an error when there is no connection, and on the caller's thread when the owner
    ///   is closed.
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

    /// Wakes the thread to serve its connection.
    package func wake() { core.wake() }

    /// Ends any call of the thread by shutting the socket down.
    package func cut() { core.cut() }

    /// Runs the pending work, closes the connection and ends the thread.
    package func close() async {
        let alarm = Task { [core] in
            try await Task.sleep(for: .seconds(5))
            core.cut()
        }
        core.beginClosing()
        await core.ended.value()
        alarm.cancel()
    }

    /// Cuts the connection and ends the thread.
    package func abort() async {
        core.beginClosing()
        core.cut()
        await core.ended.value()
    }
}
