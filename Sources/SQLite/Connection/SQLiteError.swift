import CSQLite

/// A failure of SQLite, or a column of the wrong kind.
///
/// Bound values are not part of the error, because they may be secret.
package struct SQLiteError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The primary result code, such as `SQLITE_BUSY`; see sqlite.org/rescode.html.
    package let code: Int32
    /// The extended result code, such as `SQLITE_IOERR_WRITE`, or else the primary one.
    package let extendedCode: Int32
    /// The reason; SQLite's own message if SQLite failed.
    package let message: String
    /// The text of the statement, or another description of the failed call.
    package let operation: String

    package init(_ extendedCode: Int32, _ message: String, operation: String) {
        code = extendedCode & 0xFF
        self.extendedCode = extendedCode
        self.message = message
        self.operation = operation
    }

    package var description: String { "\(message) (code \(extendedCode)) in \(operation)" }
}
