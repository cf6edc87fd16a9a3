import CSQLite

/// Owns the `sqlite3` of one open file.
///
/// Each `Statement` keeps its connection alive. Not thread-safe: a `SerialDatabase` lets one thread at a time use it.
final class Connection {
    private(set) var handle: OpaquePointer?
    /// Whether a reading transaction runs, which refuses statements that write.
    var isReading = false
    /// The first error since the last transaction about a column of the wrong kind. Subscripts
    /// of a row do not throw, so the transaction fails at its end.
    var mismatch: SQLiteError?

    /// Throws the mismatch, once, if there was one.
    func checkColumns() throws(SQLiteError) {
        guard let error = mismatch else { return }
        mismatch = nil
        throw error
    }

    /// Opens a file, and creates an empty one where no file exists. The corresponding C function is `sqlite3_open_v2`.
    ///
    /// - Parameters:
    ///   - patience: How long each statement waits for the locks of other connections, in milliseconds.
    ///   - mode: What the connection may do.
    init(path: String, patience: Int32, mode: OpenMode) throws(SQLiteError) {
        var handle: OpaquePointer?
        // With one user at a time SQLite needs no mutex.
        let code = sqlite3_open_v2(mode.name(of: path), &handle, mode.flags | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let handle else {
            // SQLite returns a handle even after a failure, for its error message.
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

    /// Closes the file, once the last statement is released. May be called again.
    func close() {
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// Instructions of SQLite's virtual machine between two checks for cancellation: about ten microseconds.
    private static let stepsBetweenLooks: Int32 = 1_000

    /// Makes statements fail with `SQLITE_INTERRUPT` once cancellation is requested; `nil` removes the check. The caller keeps the
    /// object alive. The corresponding C function is `sqlite3_progress_handler`.
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

    /// Keeps the -wal and the -shm file when the last connection closes.
    ///
    /// The corresponding C function is `sqlite3_file_control` with `SQLITE_FCNTL_PERSIST_WAL`.
    func keepWAL() {
        var isKept: Int32 = 1
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &isKept)
    }

    /// Returns the handle.
    ///
    /// - Throws: `SQLITE_MISUSE` after `close`.
    func opened(_ operation: @autoclosure () -> String) throws(SQLiteError) -> OpaquePointer {
        guard let handle else { throw SQLiteError(SQLITE_MISUSE, "the database is closed", operation: operation()) }
        return handle
    }

    /// Returns the error that SQLite has just reported. Valid until the next call of a C function.
    func error(_ code: Int32, operation: String) -> SQLiteError { Self.error(of: handle, code, operation: operation) }

    private static func error(of handle: OpaquePointer?, _ code: Int32, operation: String) -> SQLiteError {
        let isLast = handle.map { sqlite3_errcode($0) & 0xFF == code & 0xFF } ?? false
        let text = isLast ? sqlite3_errmsg(handle) : sqlite3_errstr(code)
        let extended = isLast ? sqlite3_extended_errcode(handle) : code
        return SQLiteError(extended, text.map { String(cString: $0) } ?? "error \(code)", operation: operation)
    }
}
