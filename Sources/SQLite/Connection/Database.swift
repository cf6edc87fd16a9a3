import CSQLite

/// One open file, as transactions see it. Used by one thread at a time, inside of a `SerialDatabase`.
package final class Database {
    private let connection: Connection
    private var cache = StatementCache()

    /// Opens a file, making an empty one when there is none. Blocks.
    ///
    /// - Parameter patience: How long to wait for the locks of others.
    init(path: String, patience: Duration) throws(SQLiteError) {
        let milliseconds = patience.components.seconds * 1_000 + patience.components.attoseconds / 1_000_000_000_000_000
        connection = try Connection(path: path, patience: Int32(clamping: milliseconds))
    }

    // MARK: Statements

    /// The compiled statement of a text, kept for the next time.
    package func cachedStatement(sql: String) throws(SQLiteError) -> Statement {
        try cache.statement(sql) { () throws(SQLiteError) in try prepare(sql, isKept: true) }
    }

    /// Runs a text of one statement with values, or of any number without.
    package func execute(sql: String, arguments: StatementArguments = []) throws(SQLiteError) {
        guard arguments.values.isEmpty else { return try cachedStatement(sql: sql).execute(arguments: arguments) }
        try forEachStatement(of: sql, isKept: false) { (statement) throws(SQLiteError) in try statement.execute() }
    }

    /// A text with parameters is likely used again; one without may hold its values, and be another each time.
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

    // MARK: What the last statement did

    /// Rows that the last INSERT, UPDATE or DELETE changed. The corresponding C function is `sqlite3_changes64`.
    package var changesCount: Int { connection.handle.map { Int(sqlite3_changes64($0)) } ?? 0 }

    /// The corresponding C function is `sqlite3_last_insert_rowid`.
    package var lastInsertedRowID: Int64 { connection.handle.map { sqlite3_last_insert_rowid($0) } ?? 0 }

    package func tableExists(_ name: String) throws(SQLiteError) -> Bool {
        let statement = try cachedStatement(sql: "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?")
        return try Int.fetchOne(statement, arguments: [name]) != nil
    }

    // MARK: Transactions

    /// When a transaction takes the lock of the file; see sqlite.org/lang_transaction.html.
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

    /// Runs one transaction: committed when the body returns, rolled back when it throws.
    ///
    /// - Throws: What the body throws, `SQLiteError` where SQLite fails or a column held a value of another kind.
    package func inTransaction<Value>(_ kind: TransactionKind, _ body: () throws -> Value) throws -> Value {
        try cachedStatement(sql: kind.sql).execute()
        do {
            let value = try body()
            try connection.checkColumns()
            try cachedStatement(sql: "COMMIT").execute()
            return value
        } catch {
            connection.mismatch = nil
            // Some errors end the transaction by themselves.
            if let handle = connection.handle, sqlite3_get_autocommit(handle) == 0 { try? cachedStatement(sql: "ROLLBACK").execute() }
            throw error
        }
    }

    /// Runs something that begins and ends its own transactions, or needs none.
    ///
    /// - Throws: What the body throws, `SQLiteError` also where a column held a value of another kind.
    func perform<Value>(_ body: (Database) throws -> Value) throws -> Value {
        defer { connection.mismatch = nil }
        let value = try body(self)
        try connection.checkColumns()
        return value
    }

    /// Runs a part of a transaction, of which nothing is left when it throws.
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

    /// Runs a transaction in which nothing can be written, and which ends early when it is cancelled.
    ///
    /// - Throws: `CancellationError` when it was cancelled before, or while a statement ran.
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

    // MARK: The end

    /// Closes the file. Whatever is tried afterwards throws `SQLITE_MISUSE`.
    func close() {
        cache.removeAll()
        connection.close()
    }
}
