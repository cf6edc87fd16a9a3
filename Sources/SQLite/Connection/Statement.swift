import CSQLite

/// A prepared statement. Owns its `sqlite3_stmt`.
package final class Statement {
    let connection: Connection
    let handle: OpaquePointer
    /// How many `?` it has.
    private let parameterCount: Int32
    /// Not in a reading transaction.
    private let isRefusedInReading: Bool
    /// Grows with every row and every run, by which a row knows that it was left behind.
    private(set) var position: UInt64 = 0
    /// Whether a cursor goes through its rows.
    private(set) var isRunning = false

    /// Compiles the first statement of a text. The corresponding C function is `sqlite3_prepare_v3`.
    ///
    /// - Parameters:
    ///   - isKept: whether it will be used many times.
    ///   - text: UTF-8, ending with a zero.
    ///   - rest: where the text of the next statement begins.
    /// - Returns: `nil` for a text of nothing but spaces and comments.
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
        // SQLite counts asking for the journal mode as writing.
        isRefusedInReading = sqlite3_stmt_readonly(handle) == 0 && sqlite3_strnicmp(sqlite3_sql(handle), "PRAGMA", 6) != 0
    }

    deinit { sqlite3_finalize(handle) }

    /// Its text.
    package var sql: String { String(cString: sqlite3_sql(handle)) }

    /// Runs it to its end; rows it returns are passed over.
    package func execute(arguments: StatementArguments = []) throws(SQLiteError) {
        try begin(arguments)
        defer { end() }
        while try step() {}
    }

    /// Binds the values and stands before the first row. Whatever it was doing is over.
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

    /// Goes on to the next row. The corresponding C function is `sqlite3_step`.
    ///
    /// - Returns: false when there is none.
    func step() throws(SQLiteError) -> Bool {
        position &+= 1
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw connection.error(code, operation: sql)
        }
    }

    /// Lets go of the rows and of the values that were bound. May be called again.
    func end() {
        guard isRunning else { return }
        isRunning = false
        position &+= 1
        // Returns the error of the last step once more.
        sqlite3_reset(handle)
        // A large value is not kept until the next use.
        if parameterCount > 0 { sqlite3_clear_bindings(handle) }
    }

    /// The position of a column, by its name in any case.
    func index(ofColumn name: String) -> Int? {
        (0..<sqlite3_column_count(handle)).first { sqlite3_stricmp(sqlite3_column_name(handle, $0), name) == 0 }.map(Int.init)
    }
}
