import Dispatch
import Synchronization

/// A connection by ODBC. Its calls block, each for a limited time.
///
/// A driver may wait for a dead server for as long as TCP does, and nobody has its socket. So it is called on a queue of its own, and left
/// behind when it does not come back in time: it closes the connection itself, whenever it does.
final class ODBCConnection: SQLServerConnection {
    let dialect = SQLDialect(.oracle)
    private let location: String
    private let patience: Duration
    private let queue = DispatchQueue(label: "celery.odbc")
    private let box = Box()
    private var mark: Int64
    private(set) var isLost = false

    /// Marks of connections differ: another server may answer the next one.
    private static let marks = Atomic<Int64>(0)

    // Its handle is used on the queue alone.
    private final class Box: @unchecked Sendable {
        var handle: ODBCHandle?
    }

    /// Connects and logs in. Blocks, for at most the server's `connectTimeout` and two seconds.
    init(_ server: ODBCServer, patience: Duration) throws(SQLError) {
        location = server.location
        self.patience = patience
        mark = Self.marks.add(1, ordering: .relaxed).newValue
        let (text, timeout, location) = (server.connectionString, server.connectTimeout, server.location)
        // Drivers count whole seconds, and some only those until the host answers.
        try perform(within: timeout + .seconds(2), or: SQLError(.unreachable, "cannot reach \(location): no answer in time")) { box throws(SQLError) in
            box.handle = try ODBCHandle(text, loginTimeout: timeout, at: location)
        }
    }

    deinit { close() }

    /// Calls the driver on its queue.
    private func perform<Value: Sendable>(
        within limit: Duration, or late: SQLError, _ body: @escaping @Sendable (Box) throws(SQLError) -> Value
    ) throws(SQLError) -> Value {
        let result = Outcome<Value>()
        let done = DispatchSemaphore(value: 0)
        queue.async { [box] in
            let value: Result<Value, SQLError>
            do throws(SQLError) { value = .success(try body(box)) } catch { value = .failure(error) }
            // Of whoever has given up, the connection is of no use to anybody.
            if !result.set(value) { box.handle = nil }
            done.signal()
        }
        let (seconds, attoseconds) = limit.components
        _ = done.wait(timeout: .now() + .nanoseconds(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)))
        guard let value = result.take() else {
            isLost = true
            throw late
        }
        return try value.get()
    }

    /// What a call came to, unless nobody waits for it any longer.
    private final class Outcome<Value: Sendable>: Sendable {
        private let state = Mutex<(value: Result<Value, SQLError>?, isGivenUp: Bool)>((nil, false))

        /// - Returns: `false` if the one who called has given up.
        func set(_ value: Result<Value, SQLError>) -> Bool {
            state.withLock { state in
                if !state.isGivenUp { state.value = value }
                return !state.isGivenUp
            }
        }

        /// - Returns: `nil` gives up.
        func take() -> Result<Value, SQLError>? {
            state.withLock { state in
                if state.value == nil { state.isGivenUp = true }
                return state.value
            }
        }
    }

    private func ask<Value: Sendable>(_ body: @escaping @Sendable (ODBCHandle) throws(SQLError) -> Value) throws(SQLError) -> Value {
        guard !isLost else { throw SQLError.closed }
        do throws(SQLError) {
            return try perform(within: patience, or: SQLError(.lost, "the server at \(location) is silent")) { box throws(SQLError) in
                guard let handle = box.handle else { throw SQLError.closed }
                return try body(handle)
            }
        } catch {
            // Whoever knew the columns has to look again.
            if error.code == .schema { mark = Self.marks.add(1, ordering: .relaxed).newValue }
            if error.code == .lost { close() }
            throw error
        }
    }

    func schemaMark() -> Int64 { mark }

    func close() {
        isLost = true
        queue.async { [box] in box.handle = nil }
    }

    // MARK: Statements

    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try ask { handle throws(SQLError) in try handle.execute(sql, values) }
    }

    func rows(_ sql: String, _ values: [SQLValue]) throws -> [[SQLValue]] {
        try ask { handle throws(SQLError) in try handle.rows(sql, values) }
    }

    func begin() throws { try ask { handle throws(SQLError) in try handle.begin() } }
    func commit() throws { try ask { handle throws(SQLError) in try handle.end(commits: true) } }
    func rollBack() throws { try ask { handle throws(SQLError) in try handle.end(commits: false) } }
}
