import CSQLite

/// One open file, with its compiled statements and its transactions.
///
/// Not thread-safe: a `SerialDatabase` owns it and lets one thread at a time use it. Each call may wait for the disk, and
/// for the locks of other processes.
package final class Database {
    private let connection: Connection
    private var cache = StatementCache()

    /// Opens a file, and creates an empty one where no file exists. Blocks.
    ///
    /// - Parameters:
    ///   - patience: How long each statement waits for the locks of other connections.
    ///   - mode: What the connection may do.
    init(path: String, patience: Duration, mode: OpenMode = .writing) throws(SQLiteError) {
        let milliseconds = patience.components.seconds * 1_000 + patience.components.attoseconds / 1_000_000_000_000_000
        connection = try Connection(path: path, patience: Int32(clamping: milliseconds), mode: mode)
    }

    /// Keeps the -wal and the -shm file when the last connection closes, for users who may only read.
    package func keepWAL() { connection.keepWAL() }

    // MARK: Statements

    /// Returns a compiled statement, cached for later calls with the same text.
    ///
    /// - Throws: `SQLITE_ERROR` when SQLite cannot compile the text.
    package func cachedStatement(sql: String) throws(SQLiteError) -> Statement {
        try cache.statement(sql) { () throws(SQLiteError) in try prepare(sql, isKept: true) }
    }

    /// Runs one statement with values for its parameters, or any number of statements without parameters.
    package func execute(sql: String, arguments: StatementArguments = []) throws(SQLiteError) {
        guard arguments.values.isEmpty else { return try cachedStatement(sql: sql).execute(arguments: arguments) }
        try forEachStatement(of: sql, isKept: false) { (statement) throws(SQLiteError) in try statement.execute() }
    }

    /// A cached statement if the text has parameters. A text without parameters may contain its values, and differ with each
    /// call, so its statement is compiled for this call only.
    func statement(sql: String, for arguments: StatementArguments) throws(SQLiteError) -> Statement {
        arguments.values.isEmpty ? try prepare(sql, isKept: false) : try cachedStatement(sql: sql)
    }

    private func prepare(_ sql: String, isKept: Bool) throws(SQLiteError) -> Statement {
        var first: Statement?
        try forEachStatement(of: sql, isKept: isKept) { (statement) throws(SQLiteError) in
            if first != nil { throw SQLiteError(SQLITE_MISUSE, "more than one statement", operation: sql) }
            first = statement
        }
        guard let first else { throw SQLiteError(SQLITE_MISUSE, "no statement", operation: sql) }
        return first
    }

    private func forEachStatement(
        of sql: String, isKept: Bool, _ body: (Statement) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        let result = sql.withCString { text -> Result<Void, SQLiteError> in
            var rest: UnsafePointer<CChar>? = text
            do throws(SQLiteError) {
                while let next = rest, next.pointee != 0 {
                    if let statement = try Statement.prepare(next, isKept: isKept, on: connection, rest: &rest) { try body(statement) }
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    // MARK: Effects of the last statement

    /// Number of rows that the last INSERT, UPDATE or DELETE changed. The corresponding C function is `sqlite3_changes64`.
    package var changesCount: Int { connection.handle.map { Int(sqlite3_changes64($0)) } ?? 0 }

    /// Row id of the last row that an INSERT added. The corresponding C function is `sqlite3_last_insert_rowid`.
    package var lastInsertedRowID: Int64 { connection.handle.map { sqlite3_last_insert_rowid($0) } ?? 0 }

    /// Whether the file has a table of this name.
    package func tableExists(_ name: String) throws(SQLiteError) -> Bool {
        let statement = try cachedStatement(sql: "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?")
        return try Int.fetchOne(statement, arguments: [name]) != nil
    }

    // MARK: Transactions

    /// When a transaction locks the file; see sqlite.org/lang_transaction.html.
    package enum TransactionKind {
        case deferred, immediate, exclusive

        fileprivate var sql: String {
            switch self {
            case .deferred: "BEGIN"
            case .immediate: "BEGIN IMMEDIATE"
            case .exclusive: "BEGIN EXCLUSIVE"
            }
        }
    }

    /// Runs one transaction, which is committed when the body returns and rolled back when the body throws.
    ///
    /// - Throws: What the body throws, and `SQLiteError` when SQLite fails or the body read a column as the wrong kind.
    package func inTransaction<Value>(_ kind: TransactionKind, _ body: () throws -> Value) throws -> Value {
        try cachedStatement(sql: kind.sql).execute()
        do {
            let value = try body()
            try connection.checkColumns()
            try cachedStatement(sql: "COMMIT").execute()
            return value
        } catch {
            connection.mismatch = nil
            // SQLite itself rolls back after some errors, such as a full disk.
            if let handle = connection.handle, sqlite3_get_autocommit(handle) == 0 { try? cachedStatement(sql: "ROLLBACK").execute() }
            throw error
        }
    }

    /// Runs a body that begins and ends its own transactions, or needs none.
    ///
    /// - Throws: What the body throws, and `SQLiteError` when the body read a column as the wrong kind.
    func perform<Value>(_ body: (Database) throws -> Value) throws -> Value {
        defer { connection.mismatch = nil }
        let value = try body(self)
        try connection.checkColumns()
        return value
    }

    /// Runs a part of a transaction. When the body throws, only the changes of this part are undone.
    package func inSavepoint<Value>(_ body: () throws -> Value) throws -> Value {
        try cachedStatement(sql: "SAVEPOINT part").execute()
        do {
            let value = try body()
            try cachedStatement(sql: "RELEASE part").execute()
            return value
        } catch {
            if let handle = connection.handle, sqlite3_get_autocommit(handle) == 0 {
                try cachedStatement(sql: "ROLLBACK TO part").execute()
                try cachedStatement(sql: "RELEASE part").execute()
            }
            throw error
        }
    }

    /// Runs a transaction that cannot write, and that ends early once its cancellation is requested.
    ///
    /// - Throws: `CancellationError` when the cancellation came first.
    func inReading<Value>(_ cancellation: Cancellation, _ body: () throws -> Value) throws -> Value {
        if cancellation.isRequested { throw CancellationError() }
        connection.isReading = true
        connection.heed(cancellation)
        defer {
            connection.isReading = false
            connection.heed(nil)
        }
        do {
            return try inTransaction(.deferred, body)
        } catch let error as SQLiteError where error.code == SQLITE_INTERRUPT {
            throw CancellationError()
        }
    }

    // MARK: Closing

    /// Closes the file. Later calls throw `SQLITE_MISUSE`.
    func close() {
        cache.removeAll()
        connection.close()
    }
}
