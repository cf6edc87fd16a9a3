import CSQLite
package import CeleryCore
import Processes

extension DriverError {
    /// Translates an error of SQLite.
    package init(translating error: any Error, path: String) {
        switch error {
        case let error as DriverError:
            self = error
        case let error as SQLiteError:
            self.init(database: error, path: path)
        case is CancellationError:
            self.init(.tryAgain, "interrupted while working on database \(path)")
        default:
            self.init(.unreachable, "database \(path): \(error)")
        }
    }

    private init(database error: SQLiteError, path: String) {
        switch error.code {
        case SQLITE_FULL:
            self.init(.tryAgain, "no space left for database \(path)", hint: "free some disk space; nothing was accepted")
        case SQLITE_IOERR:
            self.init(.tryAgain, "cannot write database \(path): disk input/output error", hint: "check whether the disk is full")
        case SQLITE_BUSY, SQLITE_LOCKED:
            self = Self.locked(path)
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
            self.init(.noPermission, "cannot write database \(path): it, or its folder, is read-only")
        case SQLITE_CANTOPEN:
            self.init(
                .noPermission, "cannot open database \(path): the file or its folder cannot be written",
                hint: "the folder must be writable too, for \(path)-wal")
        case SQLITE_NOTADB, SQLITE_CORRUPT, SQLITE_MISMATCH:
            self.init(.unusable, "database \(path) is damaged: \(error.message)")
        case SQLITE_TOOBIG:
            self.init(.refused, "too large for database \(path): SQLite takes up to 1 GB a row")
        default:
            self.init(.unreachable, "database \(path): \(error.message)")
        }
    }

    /// Names the process that holds the lock, if known.
    private static func locked(_ path: String) -> DriverError {
        guard let holder = WriteHolder.ofLock(database: path) else {
            return DriverError(.tryAgain, "database \(path) is locked by another program")
        }
        if let suspension = holder.suspension { return WriteHolder.error(database: path, holder, suspension) }
        return DriverError(.tryAgain, "database \(path) is locked by \(holder)")
    }
}
