import CSQLite

/// Owns the `sqlite3` of one open file.
///
/// Lives as long as any `Statement` of it, so that no statement outlives its connection. Not thread-safe: a
/// `SerialDatabase` sees to it that one thread at a time uses it.
final class Connection {
    private(set) var handle: OpaquePointer?
    /// Set inside of a reading transaction: statements that write are refused.
    var isReading = false
    /// The first column that held a value of another kind than was asked for, since the last transaction ended.
    ///
    /// Reading a column cannot throw in the middle of an expression, so the transaction fails at its end.
    var mismatch: SQLiteError?

    /// Fails, once, when there was such a column.
    func checkColumns() throws(SQLiteError) {
        guard let error = mismatch else { return }
        mismatch = nil
        throw error
    }

    /// Opens a file, making an empty one when there is none. The corresponding C function is `sqlite3_open_v2`.
    ///
    /// - Parameter patience: How long to wait for the locks of others, in milliseconds.
    init(path: String, patience: Int32) throws(SQLiteError) {
        var handle: OpaquePointer?
        // One thread at a time uses it, so it needs no lock of its own.
        let code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let handle else {
            // Even after a failure there is one to be closed, which knows the reason.
            let error = Self.error(of: handle, code, operation: "open \(path)")
            sqlite3_close(handle)
            throw error
        }
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, patience)
        celery_sqlite_refuse_quoted_texts(handle)
    }

    deinit { close() }

    /// Closes the file once the last statement is gone; at once when there is none. May be called again.
    func close() {
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// Steps of SQLite's virtual machine between two looks whether a statement is still wanted; some ten microseconds.
    private static let stepsBetweenLooks: Int32 = 1_000

    /// Ends statements with `SQLITE_INTERRUPT` once it is requested; `nil` lets them run to their end. The caller keeps
    /// the object alive. The corresponding C function is `sqlite3_progress_handler`.
    ///
    /// Unlike `sqlite3_interrupt` from another thread, this also ends a statement that has yet to begin.
    func heed(_ cancellation: Cancellation?) {
        guard let handle else { return }
        guard let cancellation else { return sqlite3_progress_handler(handle, 0, nil, nil) }
        let look: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
            context.map { Unmanaged<Cancellation>.fromOpaque($0).takeUnretainedValue().isRequested } ?? false ? 1 : 0
        }
        sqlite3_progress_handler(handle, Self.stepsBetweenLooks, look, Unmanaged.passUnretained(cancellation).toOpaque())
    }

    /// The open handle.
    func opened(_ operation: @autoclosure () -> String) throws(SQLiteError) -> OpaquePointer {
        guard let handle else { throw SQLiteError(SQLITE_MISUSE, "the database is closed", operation: operation()) }
        return handle
    }

    /// The error that SQLite has just reported. To be asked for before the next call.
    func error(_ code: Int32, operation: String) -> SQLiteError { Self.error(of: handle, code, operation: operation) }

    private static func error(of handle: OpaquePointer?, _ code: Int32, operation: String) -> SQLiteError {
        let isLast = handle.map { sqlite3_errcode($0) & 0xFF == code & 0xFF } ?? false
        let text = isLast ? sqlite3_errmsg(handle) : sqlite3_errstr(code)
        let extended = isLast ? sqlite3_extended_errcode(handle) : code
        return SQLiteError(extended, text.map { String(cString: $0) } ?? "error \(code)", operation: operation)
    }
}
