import CeleryCore
import Dispatch
import Glibc

/// One connection to a server, made when it is needed: an actor on a serial dispatch queue, so that waiting for the server blocks
/// no thread of the cooperative pool.
package actor SQLServerLink: SQLDatabase {
    package nonisolated let location: String
    private let server: any SQLServer
    private let executor: QueueExecutor
    private var connection: (any SQLServerConnection)?
    /// Why the last attempt to connect failed, and until when not to try again.
    private var refusal: (error: SQLError, until: ContinuousClock.Instant)?
    private var backoff = SQLPatience.backoff
    private var isClosed = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Does not connect yet.
    package init(_ server: any SQLServer) {
        self.server = server
        location = server.location
        executor = QueueExecutor(label: "celery.sql")
    }

    package func write<Value: Sendable>(
        isOneStatement: Bool, isRepeatable: Bool, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        try perform(isRepeatable: isRepeatable) { connection in
            isOneStatement ? try body(connection) : try connection.transaction { try body(connection) }
        }
    }

    package func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value {
        try perform(isRepeatable: true) { try body($0) }
    }

    /// On a connection of its own, which may be silent for longer.
    package func maintain<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value {
        let link = SQLMaintenance(server)
        return try await link.perform(body)
    }

    /// Deadlocks come again as often as this.
    private static let mostConflicts = 10

    private func perform<Value>(isRepeatable: Bool, _ body: (any SQLServerConnection) throws -> Value) throws -> Value {
        var conflicts = 0
        var others = 0
        while true {
            let isNew = connection == nil
            do {
                return try body(try connected())
            } catch let error as SQLError {
                if let lost = connection, lost.isLost {
                    lost.close()
                    connection = nil
                }
                switch error.code {
                case .conflict where conflicts < Self.mostConflicts:
                    // One of those that were in each other's way has to be later.
                    conflicts += 1
                    usleep(UInt32.random(in: 1_000...20_000) * UInt32(conflicts))
                case .lost where !isNew && isRepeatable && others == 0:
                    // The server may have closed a connection that was not in use.
                    others += 1
                case .schema where others == 0:
                    // The columns that were known may have changed.
                    others += 1
                default: throw DriverError(error, at: location)
                }
            }
        }
    }

    private func connected() throws(SQLError) -> any SQLServerConnection {
        if let connection { return connection }
        guard !isClosed else { throw SQLError.closed }
        // What was asked for during a failed attempt, or soon after it, gets the same error without another attempt.
        if let refusal, .now < refusal.until { throw refusal.error }
        do throws(SQLError) {
            let made = try server.connect(patience: SQLPatience.usual)
            connection = made
            refusal = nil
            backoff.reset()
            return made
        } catch {
            refusal = (error, .now + backoff.next())
            throw error
        }
    }

    /// Closes the connection after the calls that came before.
    package func close() async {
        isClosed = true
        connection?.close()
        connection = nil
    }
}

/// A connection for statements that take long, so that nobody waits behind them.
private actor SQLMaintenance {
    private let server: any SQLServer
    private let executor = QueueExecutor(label: "celery.sql.maintenance")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ server: any SQLServer) { self.server = server }

    func perform<Value: Sendable>(_ body: @Sendable (any SQLConnection) throws -> Value) throws -> Value {
        do {
            let connection = try server.connect(patience: SQLPatience.long)
            defer { connection.close() }
            return try body(connection)
        } catch let error as SQLError {
            throw DriverError(error, at: server.location)
        }
    }
}

/// Runs the jobs of an actor on a dispatch queue.
private final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}
