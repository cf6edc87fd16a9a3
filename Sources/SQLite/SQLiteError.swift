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

    /// What is behind it, as far as a user can do something about it.
    package enum Cause: Sendable {
        case full, deviceError, locked, notPermitted, cannotOpen, damaged, tooBig, other
    }

    package var cause: Cause {
        switch code {
        case SQLITE_FULL: .full
        case SQLITE_IOERR: .deviceError
        case SQLITE_BUSY, SQLITE_LOCKED: .locked
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .notPermitted
        case SQLITE_CANTOPEN: .cannotOpen
        case SQLITE_NOTADB, SQLITE_CORRUPT, SQLITE_MISMATCH: .damaged
        case SQLITE_TOOBIG: .tooBig
        default: .other
        }
    }
}
