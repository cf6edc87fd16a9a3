package import CeleryCore
import Processes
import SQLite

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
        switch error.cause {
        case .full:
            self.init(.tryAgain, "no space left for database \(path)", hint: "free some disk space; nothing was accepted")
        case .deviceError:
            self.init(.tryAgain, "cannot write database \(path): disk input/output error", hint: "check whether the disk is full")
        case .locked:
            self = Self.locked(path)
        case .notPermitted:
            self.init(.noPermission, "cannot write database \(path): it, or its folder, is read-only")
        case .cannotOpen:
            self.init(
                .noPermission, "cannot open database \(path): the file or its folder cannot be written",
                hint: "the folder must be writable too, for \(path)-wal")
        case .damaged:
            self.init(.unusable, "database \(path) is damaged: \(error.message)")
        case .tooBig:
            self.init(.refused, "too large for database \(path): SQLite takes up to 1 GB a row")
        case .other:
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
