import CeleryCore
import Glibc
import SQLite

/// Creates a new database file completely or not at all.
///
/// The file is created under a temporary name and then linked to its path, so that no other process sees an incomplete file,
/// and one of two concurrent creators wins.
enum DatabaseCreation {
    static func create(_ path: String, for access: DatabaseAccess) throws(DriverError) {
        let draft = "\(path).new.\(getpid()).\(UInt32.random(in: 0 ... .max))"
        defer {
            unlink(draft)
            unlink(draft + "-journal")
            unlink(draft + "-wal")
            unlink(draft + "-shm")
        }
        do {
            try access.create(draft, as: path)
            let database = try SerialDatabase(path: draft) { db in
                // Persistent, and possible only before the first table: see `DatabaseFile.giveBackSpace`.
                try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
                try db.inTransaction(.exclusive) { try Schema.create(in: db) }
                // Persistent: all later connections use WAL mode.
                try db.execute(sql: "PRAGMA journal_mode = WAL")
            }
            database.close()
        } catch {
            throw creationError(path, cause: error)
        }
        if link(draft, path) != 0 && errno != EEXIST {
            let code = errno
            throw DriverError(.cannotCreate, "cannot create database \(path): \(text(of: code))")
        }
    }

    private static func creationError(_ path: String, cause: any Error) -> DriverError {
        if let error = cause as? DriverError { return error }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        var status = stat()
        if stat(folder.isEmpty ? "/" : folder, &status) != 0 {
            return DriverError(.cannotCreate, "cannot create database \(path): \(text(of: errno))")
        }
        if access(folder.isEmpty ? "/" : folder, W_OK) != 0 {
            return DriverError(.cannotCreate, "cannot create database \(path): \(text(of: errno))")
        }
        let translated = DriverError(translating: cause, path: path)
        return DriverError(.cannotCreate, "cannot create database \(path): \(translated.message)", hint: translated.hint)
    }
}
