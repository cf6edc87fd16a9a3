// A `celery.db`: broker and result store in one SQLite file in WAL mode.
//
// Many processes write to it. Each write is one short IMMEDIATE transaction, made durable by one fsync (`synchronous=FULL`) for
// all that has gathered meanwhile. Writers of all processes wait in one queue, kept by the kernel (`WriteQueue`), instead of
// polling SQLite's lock. After a commit that other processes may wait for, the WAL's time stamp is set, which wakes every process
// that watches it (`ChangeWatch`).

package import CeleryCore
import Dispatch
import Glibc
package import SQLite
import Synchronization

/// One open database file. The connection belongs to a `SerialDatabase`.
package final class DatabaseFile: Sendable {
    package let path: String
    package let watch: ChangeWatch
    private let database: SerialDatabase
    /// `nil` for a user who may only read the file.
    private let queue: WriteQueue?
    /// Reads the file without its -wal and -shm files, for a user who may not create them; otherwise `nil`.
    private let still: StillFile?
    private let durability: Durability
    private let entry: Mutex<OpenFiles.Entry?>

    /// The durability of a commit.
    package enum Durability: String, Sendable {
        /// On disk when the call returns (`synchronous=FULL`).
        case full
        /// Safe against a crash of programs, but not of the machine (`synchronous=NORMAL`).
        case normal
    }

    /// Opens the file, after creating it or upgrading its layout if necessary. Blocks.
    ///
    /// - Parameter access: Who besides the owner may use a new file.
    /// - Throws: `DriverError`; a file that is not ours is left unchanged.
    package init(path: String, durability: Durability = .full, access: DatabaseAccess = .owner) throws(DriverError) {
        self.path = path
        self.durability = durability
        let opened = try OpenFiles.open(path) { (isOpen) throws(DriverError) in
            // A file already open here was checked before, and must be opened only through SQLite.
            if !isOpen { try Self.prepare(path, access) }
            return try Self.open(path, durability)
        }
        (database, still) = opened.0
        entry = Mutex(opened.1)
        queue = Self.isReadOnly(path) ? nil : try WriteQueue(path: path + "-wal", database: path)
        watch = ChangeWatch(paths: [path + "-wal"], events: IN_ATTRIB)
    }

    /// How long to wait for a lock of SQLite's own. Ours come one after the other (`WriteQueue`), so it is another program's.
    private static let patience: Duration = .seconds(8)

    /// Whether this user may read but not write the file.
    private static func isReadOnly(_ path: String) -> Bool { access(path, W_OK) != 0 && access(path, R_OK) == 0 }

    /// Whether users other than the owner may read the file, which requires that its -wal and -shm files always exist.
    private static func isShared(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o044 != 0
    }

    private static func open(_ path: String, _ durability: Durability) throws(DriverError) -> (SerialDatabase, StillFile?) {
        guard isReadOnly(path) else { return (try connect(to: path, durability, .writing), nil) }
        do {
            return (try connect(to: path, durability, .reading), nil)
        } catch {
            let still = StillFile(path)
            guard error.code == .noPermission, still.isStill else { throw error }
            return (try connect(to: path, durability, .still), still)
        }
    }

    private static func connect(
        to path: String, _ durability: Durability, _ mode: OpenMode
    ) throws(DriverError) -> SerialDatabase {
        let isReadOnly = mode != .writing
        do {
            return try SerialDatabase(path: path, patience: patience, mode: mode) { db in
                if !isReadOnly, isShared(path) { db.keepWAL() }
                try db.execute(sql: "PRAGMA synchronous = \(durability.rawValue)")
                try db.execute(sql: "PRAGMA cache_size = -4096")
                // Truncate a WAL that a burst has made longer when the WAL restarts.
                try db.execute(sql: "PRAGMA journal_size_limit = 4194304")
                // The first read creates the WAL, which `WriteQueue` and `ChangeWatch` need.
                var version = try Int32.fetchOne(db, sql: "PRAGMA user_version")
                let isOld = version.map { 1..<Schema.version ~= $0 } ?? false
                if isOld, isReadOnly {
                    throw DriverError(.noPermission, "database \(path) has an older layout, and this user may not upgrade it")
                }
                if isOld {
                    try db.inTransaction(.immediate) {
                        try refuseUpgrade(of: path, in: db)
                        try Schema.upgrade(in: db)
                    }
                    version = Schema.version
                }
                guard version == Schema.version else {
                    throw DriverError(.unusable, "\(path) has an unknown layout")
                }
                if !isReadOnly { DatabaseAccess.extend(to: path) }
            }
        } catch is SQLiteError where isReadOnly {
            // SQLite's error depends on which of the two files is missing.
            throw StillFile.unreadable(path)
        } catch {
            throw DriverError(translating: error, path: path)
        }
    }

    /// Throws when a worker of the earlier version uses the file: it would go on in a layout that it does not know.
    private static func refuseUpgrade(of path: String, in db: Database) throws {
        guard let worker = try WorkerTable.firstAlive(at: .now, in: db) else { return }
        throw DriverError(
            .tryAgain,
            "database \(path) has the layout of an earlier celery, and worker \(worker.name) (process \(worker.pid)) of that version uses it",
            hint: "stop that worker, for example with: kill \(worker.pid); then the next command upgrades the file")
    }

    /// Whether `path` is a database of ours. Creates nothing.
    ///
    /// - Throws: `DriverError` for a file that is not ours.
    package static func exists(_ path: String) throws(DriverError) -> Bool {
        try OpenFiles.look(at: path) { (isOpen) throws(DriverError) in
            if isOpen { return true }
            guard let header = try FileHeader.read(path) else { return false }
            try header.check(path)
            return true
        }
    }

    /// The layout of the file at `path`, possibly older than `Schema.version`; `nil` when there is no file. Changes nothing.
    ///
    /// - Throws: `DriverError` for a file that is not ours.
    package static func layout(of path: String) throws(DriverError) -> Int32? {
        try OpenFiles.look(at: path) { (isOpen) throws(DriverError) in
            if isOpen { return Schema.version }
            guard let header = try FileHeader.read(path) else { return nil }
            try header.check(path)
            return header.userVersion
        }
    }

    /// Checks that `path` is a database of ours; creates it if it does not exist.
    private static func prepare(_ path: String, _ access: DatabaseAccess) throws(DriverError) {
        if let header = try FileHeader.read(path) {
            try header.check(path)
        } else {
            try DatabaseCreation.create(path, for: access)
        }
    }

    /// Runs one transaction. Ignores cancellation: a worker whose task ends must still be able to record what has run, and to
    /// return the rest.
    ///
    /// - Parameters:
    ///   - waking: Whether other processes may wait for this change.
    ///   - durable: `false` for changes that may be lost in a power failure, such as leases; this saves the wait for the
    ///     disk. Later durable commits include them.
    /// - Throws: `DriverError`; then nothing was written.
    package func write<T: Sendable>(
        waking: Bool = false, durable: Bool = true, _ body: @escaping @Sendable (Database) throws -> T
    ) async throws -> T {
        do {
            return try await database.perform { [self] db in
                let relaxes = !durable && durability == .full
                if relaxes { try db.cachedStatement(sql: "PRAGMA synchronous = normal").execute() }
                defer { if relaxes { try? db.cachedStatement(sql: "PRAGMA synchronous = full").execute() } }
                let value = try inTurn {
                    try checkInPlace()
                    return try db.inTransaction(.immediate) { try body(db) }
                }
                if waking { wakeOthers() }
                return value
            }
        } catch {
            throw DriverError(translating: error, path: path)
        }
    }

    /// Lets waiting writers write, between two steps of a long operation.
    package func letOthersWrite() async throws {
        // Without a pause, the releasing process would usually take the lock again before a waiting process wakes.
        if isAwaited { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// Whether another writer waits for the lock.
    var isAwaited: Bool { queue?.isAwaited ?? false }

    /// Checkpoints the WAL into the file, as far as readers allow.
    ///
    /// See sqlite.org/pragma.html#pragma_wal_checkpoint.
    func writeBack() async throws { try await outsideTransaction { _ = try Row.fetchAll($0, sql: "PRAGMA wal_checkpoint(PASSIVE)") } }

    /// Rewrites the whole file, so that it has no free pages and can shrink by itself from then on. Blocks all other writers,
    /// about a second for some hundred megabytes.
    ///
    /// See sqlite.org/lang_vacuum.html.
    package func rewrite() async throws {
        try await outsideTransaction { db in
            try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            try db.execute(sql: "VACUUM")
        }
        try await writeBack()
    }

    /// Runs statements that are not allowed in a transaction, while holding the write lock.
    private func outsideTransaction(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        do {
            try await database.perform { [self] db in
                try inTurn {
                    try checkInPlace()
                    try body(db)
                }
            }
        } catch {
            throw DriverError(translating: error, path: path)
        }
    }

    /// Throws `noPermission` if this user may only read the file.
    package func checkMayWrite() throws(DriverError) {
        if queue == nil { throw readOnlyError }
    }

    private var readOnlyError: DriverError {
        DriverError(.noPermission, "cannot write to database \(path): this user may only read it")
    }

    /// Runs `body` while holding the write lock. Blocks.
    private func inTurn<T>(_ body: () throws -> T) throws -> T {
        guard let queue else { throw readOnlyError }
        try queue.acquire()
        defer { queue.release() }
        do {
            return try body()
        } catch let error as SQLiteError where error.cause == .locked {
            queue.noteBusy()
            throw error
        }
    }

    /// Runs a reading transaction.
    package func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        do {
            if let still { return try await still.read(body) }
            return try await database.read(body)
        } catch {
            throw DriverError(translating: error, path: path)
        }
    }

    /// Wakes the waiters in this process.
    package func wake() { watch.ring() }

    /// Sets the time stamp of the WAL: unlike the event for the write itself, this inotify event comes *after* the
    /// commit is visible.
    private func wakeOthers() {
        _ = utimensat(AT_FDCWD, path + "-wal", nil, 0)
    }

    /// Checks that the open file is still the one at its path, and still a database.
    ///
    /// - Throws: `.unusable` when the file was deleted, moved, replaced, emptied or overwritten: further writes would be lost.
    package func checkInPlace() throws(DriverError) {
        let entry = entry.withLock { $0 }
        guard queue?.isInPlace(path + "-wal") ?? true, entry?.isInPlace(path) ?? true else {
            throw DriverError(
                .unusable, "database \(path) was deleted or replaced while it was open",
                hint: "stop all workers before moving the file")
        }
        guard entry?.holdsDatabase ?? true else {
            throw DriverError(
                .unusable, "database \(path) was emptied or overwritten while it was open",
                hint: "stop all workers and put a copy of the file in its place; the contents of the file are lost")
        }
    }

    /// Checks the whole file for damage. Does not block writers.
    ///
    /// - Throws: `.unusable` with the first complaints.
    package func check() async throws {
        let report = try await read { try DamageReport(in: $0) }
        if let error = report.error(path) { throw error }
    }

    package func close() {
        watch.close()
        database.close()
        entry.withLock { $0 = nil }
    }
}
