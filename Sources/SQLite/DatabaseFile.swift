// A `celery.db`: broker and result store in one SQLite file in WAL mode.
//
// Many processes write to it. Each write is one short IMMEDIATE transaction, made
// durable by one fsync (`synchronous=FULL`) for all that has gathered. Writers of all
// processes stand in one line, kept by the kernel (`WriteLine`), instead of polling
// SQLite's lock. After a commit that others may wait for, the WAL's time stamp is set,
// which wakes every process that watches it (`ChangeWatch`).

package import CeleryCore
import Dispatch
import Glibc
import Synchronization

/// One open database file. The connection belongs to a `SerialDatabase`.
package final class DatabaseFile: Sendable {
    package let path: String
    package let watch: ChangeWatch
    private let database: SerialDatabase
    private let line: WriteLine
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
    /// - Throws: `DriverError`, with the file left as it was when it is not ours.
    package init(path: String, durability: Durability = .full) throws(DriverError) {
        self.path = path
        self.durability = durability
        let opened = try OpenFiles.open(path) { (isOpen) throws(DriverError) in
            // What is open here was checked before, and must not be opened by other means than SQLite.
            if !isOpen { try Self.prepare(path) }
            return try Self.connect(to: path, durability)
        }
        database = opened.0
        entry = Mutex(opened.1)
        line = try WriteLine(path: path + "-wal", database: path)
        watch = ChangeWatch(paths: [path + "-wal"], events: IN_ATTRIB)
    }

    private static func connect(to path: String, _ durability: Durability) throws(DriverError) -> SerialDatabase {
        do {
            return try SerialDatabase(path: path) { db in
                try db.execute(sql: "PRAGMA synchronous = \(durability.rawValue)")
                try db.execute(sql: "PRAGMA cache_size = -4096")
                // The first read makes the WAL, which the line and the watch need.
                var version = try Int32.fetchOne(db, sql: "PRAGMA user_version")
                if version == 1 {
                    try db.inTransaction(.immediate) { try Schema.upgrade(in: db) }
                    version = Schema.version
                }
                guard version == Schema.version else {
                    throw DriverError(.unusable, "\(path) has an unknown layout")
                }
            }
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
    private static func prepare(_ path: String) throws(DriverError) {
        if let header = try FileHeader.read(path) {
            try header.check(path)
        } else {
            try DatabaseCreation.create(path)
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
                try line.acquire()
                defer { line.release() }
                let value = try db.inTransaction(.immediate) { try body(db) }
                if waking { wakeOthers() }
                return value
            }
        } catch {
            throw DriverError(translating: error, path: path)
        }
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

    /// Makes sure that the file we have open is still the one others find under its name.
    ///
    /// - Throws: `.unusable` when it was deleted, moved or replaced: what is written now, nobody will read.
    package func checkInPlace() throws(DriverError) {
        if line.isInPlace(path + "-wal") { return }
        throw DriverError(
            .unusable, "database \(path) was deleted or replaced while it was open",
            hint: "stop all workers before moving the file")
    }

    package func close() {
        watch.close()
        database.close()
        entry.withLock { $0 = nil }
    }
}
