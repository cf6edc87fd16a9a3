import CeleryCore
import Glibc
import SQLite

/// A database for a user who may only read it, while the files beside it are missing or not readable.
///
/// SQLite reads a file in WAL mode only through its -wal and -shm files, which such a user cannot create. As long as there is no -wal
/// file, or an empty one, every commit is in the database itself, and a read of that file alone is right if nobody has changed it
/// meanwhile. A writer may come at any time, so each transaction has a connection of its own, and begins anew when it was disturbed.
struct StillFile: Sendable {
    private let path: String

    /// How often a transaction begins before the file is given up as busy.
    private static let attempts = 20

    init(_ path: String) { self.path = path }

    /// What a change of the database would change as well.
    private struct Mark: Equatable {
        var inode: ino_t
        var size: off_t
        var seconds: Int
        var nanoseconds: Int
        /// The length of the -wal file; 0 if there is none.
        var pending: off_t

        init?(_ path: String) {
            var database = stat()
            guard stat(path, &database) == 0 else { return nil }
            (inode, size) = (database.st_ino, database.st_size)
            (seconds, nanoseconds) = (database.st_mtim.tv_sec, database.st_mtim.tv_nsec)
            var log = stat()
            pending = stat(path + "-wal", &log) == 0 ? log.st_size : 0
        }
    }

    /// Whether all that was committed is in the database itself.
    var isStill: Bool { Mark(path)?.pending == 0 }

    /// Runs a reading transaction.
    ///
    /// - Throws: `noPermission` once there are changes that this user cannot read, `tryAgain` if the file keeps changing.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        for _ in 0..<Self.attempts {
            guard let before = Mark(path), before.pending == 0 else { return try await readThroughLog(body) }
            let database = try SerialDatabase(path: path, mode: .still)
            defer { database.close() }
            let value = await Result { () async throws in try await database.read(body) }
            // Also an error may come from a change.
            if Mark(path) == before { return try value.get() }
        }
        throw DriverError(.tryAgain, "database \(path) changes faster than this user may read it", hint: Self.advice(path))
    }

    /// The files beside the database exist by now.
    private func readThroughLog<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        let database: SerialDatabase
        do {
            database = try SerialDatabase(path: path, mode: .reading) { _ = try Int32.fetchOne($0, sql: "PRAGMA user_version") }
        } catch is SQLiteError {
            throw Self.unreadable(path)
        }
        defer { database.close() }
        return try await database.read(body)
    }

    /// The error for a user who may read the database, but not what was committed last.
    static func unreadable(_ path: String) -> DriverError {
        // SQLite's error depends on which of the two files is missing.
        DriverError(.noPermission, "cannot read database \(path): unable to open database file", hint: advice(path))
    }

    private static func advice(_ path: String) -> String {
        "a user who may only read the database needs to read \(path)-wal and \(path)-shm, too; any celery command of its owner, such as celery queues, gives them the mode of the database"
    }
}

extension Result where Failure == any Error {
    /// The result of an asynchronous function.
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
