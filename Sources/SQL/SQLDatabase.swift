/// A database that is used from any task. Calls wait without blocking a thread of the cooperative pool.
package protocol SQLDatabase: Sendable {
    /// The URL or path for display, without a password.
    var location: String { get }

    /// Runs one transaction. Ignores cancellation: what is to be stored must be stored.
    ///
    /// A server may run it again from the start, when it was rolled back because of another, or when the connection was lost.
    /// - Parameters:
    ///   - isOneStatement: Whether the body runs at most one statement that writes, which needs no transaction around it.
    ///   - isRepeatable: Whether the body may run again although it may have been committed.
    /// - Throws: `DriverError`.
    func write<Value: Sendable>(
        isOneStatement: Bool, isRepeatable: Bool, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value

    /// Runs queries.
    func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value

    /// Runs statements that may take minutes, each for itself.
    func maintain<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value

    func close() async
}

extension SQLDatabase {
    package func write<Value: Sendable>(
        isOneStatement: Bool = false, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        try await write(isOneStatement: isOneStatement, isRepeatable: true, body)
    }
}
