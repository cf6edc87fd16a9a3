// A `celery.db`: broker and result store in one SQLite file in WAL mode.
//
// Many processes write to it. Each write is one short IMMEDIATE transaction, made
// durable by one fsync (`synchronous=FULL`) for all that has gathered. Writers of all
// processes stand in one line, kept by the kernel (`WriteQueue`), instead of polling
// SQLite's lock. After a commit that others may wait for, the WAL's time stamp is set,
// which wakes every process that watches it (`ChangeWatch`).

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
    private let durability: Durability
    private let entry: Mutex<OpenFiles.Entry?>

    /// What a commit promises.
    package enum Durability: String, Sendable {
        /// On disk when the call returns (`synchronous=FULL`).
        case full
        /// Safe against a crash of programs, not of the machine (`synchronous=NORMAL`).
        case normal
    }

    /// Opens the file, making it first when there is none, and bringing it to the layout of today. Blocks.
    ///
    /// - Parameter access: who besides its owner may use a file that is made.
    /// - Throws: `DriverError`, with the file left as it was when it is not ours.
    package init(path: String, durability: Durability = .full, access: DatabaseAccess = .owner) throws(DriverError) {
        self.path = path
        self.durability = durability
        let opened = try OpenFiles.open(path) { (isOpen) throws(DriverError) in
            // What is open here was checked before, and must not be opened by other means than SQLite.
            if !isOpen { try Self.prepare(path, access) }
            return try Self.connect(to: path, durability, isReadOnly: Self.isReadOnly(path))
        }
        database = opened.0
        entry = Mutex(opened.1)
        queue = Self.isReadOnly(path) ? nil : try WriteQueue(path: path + "-wal", database: path)
        watch = ChangeWatch(paths: [path + "-wal"], events: IN_ATTRIB)
    }

    /// How long to wait for a lock of SQLite's own. Ours come one after the other (`WriteQueue`), so it is another program's.
    private static let patience: Duration = .seconds(8)

    /// Whether this user may read the file, and not write to it.
    private static func isReadOnly(_ path: String) -> Bool { access(path, W_OK) != 0 && access(path, R_OK) == 0 }

    /// Whether others than the owner may read the file, for whom the files beside it are to be there at all times.
    private static func isShared(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o044 != 0
    }

    private static func connect(
        to path: String, _ durability: Durability, isReadOnly: Bool
    ) throws(DriverError) -> SerialDatabase {
        do {
            return try SerialDatabase(path: path, patience: patience, isReadOnly: isReadOnly) { db in
                if !isReadOnly, isShared(path) { db.keepWAL() }
                try db.execute(sql: "PRAGMA synchronous = \(durability.rawValue)")
                try db.execute(sql: "PRAGMA cache_size = -4096")
                // What a burst has made longer is cut off when the WAL begins anew.
                try db.execute(sql: "PRAGMA journal_size_limit = 4194304")
                // The first read makes the WAL, which the line and the watch need.
                var version = try Int32.fetchOne(db, sql: "PRAGMA user_version")
                if version == 1, isReadOnly {
                    throw DriverError(.noPermission, "database \(path) has an older layout, and this user may not upgrade it")
                }
                if version == 1 {
                    try db.inTransaction(.immediate) { try Schema.upgrade(in: db) }
                    version = Schema.version
                }
                guard version == Schema.version else {
                    throw DriverError(.unusable, "\(path) has an unknown layout")
                }
            }
        } catch is SQLiteError where isReadOnly {
            // What SQLite says of it depends on which of the files beside it is missing.
            throw DriverError(
                .noPermission, "cannot read database \(path): unable to open database file",
                hint: "this user may only read it, which takes the files \(path)-wal and \(path)-shm beside it")
        } catch {
            throw DriverError(translating: error, path: path)
        }
    }

    /// Whether there is a whole file of ours at `path`. Creates nothing.
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

    /// The layout of the file at `path`, which may be older than `Schema.version`; `nil` when there is none. Changes nothing.
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

    /// Makes sure that `path` is a file of ours, making it when there is none.
    private static func prepare(_ path: String, _ access: DatabaseAccess) throws(DriverError) {
        if let header = try FileHeader.read(path) {
            try header.check(path)
        } else {
            try DatabaseCreation.create(path, for: access)
        }
    }

    /// Runs one transaction. Not to be cancelled: a worker whose task ends must still be
    /// able to record what has run, and to give back what has not.
    ///
    /// - Parameters:
    ///   - waking: whether others may wait for what it writes.
    ///   - durable: false for what may be forgotten when the machine itself goes down, such as who
    ///     had leased what; it then saves the wait for the disk. Later durable commits carry it along.
    /// - Throws: `DriverError`; nothing was written then.
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

    /// Lets others write who wait for that, between two pieces of a long work.
    package func letOthersWrite() async throws {
        // Whoever lets the lock go is quicker to take it again than whoever sleeps until it is free.
        if isAwaited { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// Whether anybody waits for a turn to write.
    var isAwaited: Bool { queue?.isAwaited ?? false }

    /// Writes the WAL back to the file, as far as nobody reads from it.
    ///
    /// See sqlite.org/pragma.html#pragma_wal_checkpoint.
    func writeBack() async throws { try await outsideTransaction { _ = try Row.fetchAll($0, sql: "PRAGMA wal_checkpoint(PASSIVE)") } }

    /// Writes the whole file anew, so that it has no free pages and can shrink by itself from then on. Nobody else can
    /// write meanwhile, which takes a second for some hundred megabytes.
    ///
    /// See sqlite.org/lang_vacuum.html.
    package func rewrite() async throws {
        try await outsideTransaction { db in
            try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            try db.execute(sql: "VACUUM")
        }
        try await writeBack()
    }

    /// Runs what cannot run in a transaction, when it is our turn to write.
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

    /// Runs `body` when it is our turn to write. Blocks.
    private func inTurn<T>(_ body: () throws -> T) throws -> T {
        guard let queue else {
            throw DriverError(.noPermission, "cannot write to database \(path): this user may only read it")
        }
        try queue.acquire()
        defer { queue.release() }
        return try body()
    }

    /// Runs a reading transaction.
    package func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        do {
            return try await database.read(body)
        } catch {
            throw DriverError(translating: error, path: path)
        }
    }

    /// Wakes those of this process that wait for a change.
    package func wake() { watch.ring() }

    /// Sets the time stamp of the WAL: an inotify event that comes *after* the commit
    /// can be seen, unlike the one of the write itself.
    private func wakeOthers() {
        _ = utimensat(AT_FDCWD, path + "-wal", nil, 0)
    }

    /// Makes sure that the file we have open is still the one others find under its name, and still a database.
    ///
    /// - Throws: `.unusable` when it was deleted, moved, replaced, emptied or overwritten: what is written now, nobody
    ///   will read.
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
                hint: "stop all workers and put a copy of the file in its place; what the file held is lost")
        }
    }

    /// Looks for damage in the whole file. Blocks nobody who writes.
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
