import CSQLite

/// What SQLite refuses, or a column that holds a value of another kind than was asked for.
///
/// The values that were bound are not part of it: they may be secret.
package struct SQLiteError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The primary result code, such as `SQLITE_BUSY`; see sqlite.org/rescode.html.
    package let code: Int32
    /// The extended result code, such as `SQLITE_IOERR_WRITE`; equal to `code` where there is none.
    package let extendedCode: Int32
    /// In the words of SQLite.
    package let message: String
    /// The statement, or what else was tried.
    package let operation: String

    package init(_ extendedCode: Int32, _ message: String, operation: String) {
        code = extendedCode & 0xFF
        self.extendedCode = extendedCode
        self.message = message
        self.operation = operation
    }

    package var description: String { "\(message) (code \(extendedCode)) in \(operation)" }
}
