import CSQLite

/// A prepared statement. Owns its `sqlite3_stmt`.
package final class Statement {
    let connection: Connection
    let handle: OpaquePointer
    /// Number of parameters.
    private let parameterCount: Int32
    /// Whether the statement writes, and is refused in a reading transaction.
    private let isRefusedInReading: Bool
    /// Increases with each row and each run. A row compares it to detect that its cursor has advanced.
    private(set) var position: UInt64 = 0
    /// Whether a cursor is reading the rows of the statement.
    private(set) var isRunning = false

    /// Compiles the first statement in a text. The corresponding C function is `sqlite3_prepare_v3`.
    ///
    /// - Parameters:
    ///   - text: UTF-8 that ends with a zero byte.
    ///   - isKept: Whether the statement will run many times.
    ///   - connection: The connection it runs on.
    ///   - rest: Set to the start of the next statement.
    /// - Returns: `nil` when the text holds only spaces and comments.
    static func prepare(
        _ text: UnsafePointer<CChar>, isKept: Bool, on connection: Connection, rest: inout UnsafePointer<CChar>?
    ) throws(SQLiteError) -> Statement? {
        let database = try connection.opened(String(cString: text))
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(database, text, -1, isKept ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0, &handle, &rest)
        if code != SQLITE_OK { throw connection.error(code, operation: String(cString: text)) }
        guard let handle else { return nil }
        return Statement(handle, on: connection)
    }

    private init(_ handle: OpaquePointer, on connection: Connection) {
        self.handle = handle
        self.connection = connection
        parameterCount = sqlite3_bind_parameter_count(handle)
        // SQLite reports that a query of the journal mode writes.
        isRefusedInReading = sqlite3_stmt_readonly(handle) == 0 && sqlite3_strnicmp(sqlite3_sql(handle), "PRAGMA", 6) != 0
    }

    deinit { sqlite3_finalize(handle) }

    /// The text it was compiled from.
    package var sql: String { String(cString: sqlite3_sql(handle)) }

    /// Runs the statement to its end and ignores the rows it returns.
    package func execute(arguments: StatementArguments = []) throws(SQLiteError) {
        try begin(arguments)
        defer { end() }
        while try step() {}
    }

    /// Binds values to the parameters and starts a new run, ending an earlier one.
    func begin(_ arguments: StatementArguments) throws(SQLiteError) {
        _ = try connection.opened(sql)
        if isRunning { end() }
        if connection.isReading && isRefusedInReading {
            throw SQLiteError(SQLITE_READONLY, "attempt to write a readonly database", operation: sql)
        }
        guard arguments.values.count == Int(parameterCount) else {
            throw SQLiteError(
                SQLITE_RANGE, "\(arguments.values.count) values for \(parameterCount) parameters", operation: sql)
        }
        var index: Int32 = 0
        for value in arguments.values {
            index += 1
            let parameter = SQLiteParameter(statement: handle, index: index)
            let code = value?.bind(to: parameter) ?? parameter.bindNull()
            if code != SQLITE_OK { throw connection.error(code, operation: sql) }
        }
        isRunning = true
    }

    /// Advances to the next row. The corresponding C function is `sqlite3_step`.
    ///
    /// - Returns: `false` after the last row.
    func step() throws(SQLiteError) -> Bool {
        position &+= 1
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw connection.error(code, operation: sql)
        }
    }

    /// Ends the run and drops the bound values. May be called again.
    func end() {
        guard isRunning else { return }
        isRunning = false
        position &+= 1
        // The result repeats the error of the last step.
        sqlite3_reset(handle)
        // A large value would occupy memory until the next run.
        if parameterCount > 0 { sqlite3_clear_bindings(handle) }
    }

    /// The index of a column. The case of the name does not matter.
    func index(ofColumn name: String) -> Int? {
        (0..<sqlite3_column_count(handle)).first { sqlite3_stricmp(sqlite3_column_name(handle, $0), name) == 0 }.map(Int.init)
    }
}
