package import CeleryCore
import Glibc
package import SQLite
import Synchronization

/// A SQLite file shared with other programs, above all Python's Celery.
///
/// The file is used as it is: its journal mode, tables and rows belong to the other programs. These do not know of `WriteQueue`, so
/// writers wait for SQLite's own lock.
package final class SharedDatabaseFile: Sendable {
    package let path: String
    private let database: SerialDatabase
    private let watch: ChangeWatch
    private let ownWrites = Atomic<UInt64>(0)
    private let entry: Mutex<OpenFiles.Entry?>

    /// How long to wait while another program writes.
    private static let patience: Duration = .seconds(10)

    /// Opens the file, or creates an empty one. Blocks.
    ///
    /// - Throws: `DriverError`; a file that is not a database, or is one of our own layout, is left unchanged.
    package init(path: String) throws(DriverError) {
        self.path = path
        let opened = try OpenFiles.open(path) { (isOpen) throws(DriverError) in
            if !isOpen { _ = try Self.exists(path, FileHeader.look(at: path)) }
            return try Self.connect(to: path)
        }
        database = opened.0
        entry = Mutex(opened.1)
        // In WAL mode the first file is rarely written; in other modes the second never exists.
        watch = ChangeWatch(paths: [path, path + "-wal"], events: IN_MODIFY | IN_ATTRIB)
    }

    private static func connect(to path: String) throws(DriverError) -> SerialDatabase {
        do {
            // Only a first read shows whether the file is readable.
            return try SerialDatabase(path: path, patience: patience) { _ = try Int32.fetchOne($0, sql: "PRAGMA schema_version") }
        } catch {
            throw DriverError(translating: error, path: path)
        }
    }

    /// Whether there is a database at `path`. Creates nothing.
    ///
    /// - Throws: `DriverError` for a file that cannot be shared.
    package static func exists(_ path: String) throws(DriverError) -> Bool {
        try OpenFiles.look(at: path) { (isOpen) throws(DriverError) in
            isOpen ? true : try exists(path, FileHeader.look(at: path))
        }
    }

    private static func exists(_ path: String, _ content: FileHeader.Content) throws(DriverError) -> Bool {
        let another = "name another file with --result-backend db+sqlite:///PATH; this one was left unchanged"
        switch content {
        case .nothing: return false
        case .emptyFile: return true
        case .database(let header) where header.applicationID == Schema.applicationID:
            throw DriverError(
                .unusable, "\(path) is a celery database of our own layout, not of Python's",
                hint: "write --result-backend sqlite:///PATH, or " + another)
        case .database: return true
        case .anotherKind:
            throw DriverError(.unusable, "\(path) is not a SQLite database, but some other kind of file", hint: another)
        }
    }

    /// Runs one transaction. Ignores cancellation: an existing result must be stored.
    ///
    /// - Throws: `DriverError`; then nothing was written.
    package func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        do {
            let value = try await database.perform { db in
                try db.inTransaction(.immediate) { try body(db) }
            }
            ownWrites.add(1, ordering: .sequentiallyConsistent)
            watch.ring()
            return value
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

    /// Checks the whole file for damage.
    ///
    /// - Throws: `.unusable` with the first complaints.
    package func check() async throws {
        let report = try await read { try DamageReport(in: $0) }
        if let error = report.error(path) { throw error }
    }

    /// A number that increases with every commit of any process.
    package func changeCount() async throws -> UInt64 {
        // SQLite counts the commits of other connections; see `PRAGMA data_version`.
        let version = try await read { db in
            try Int64.fetchOne(db.cachedStatement(sql: "PRAGMA data_version")) ?? 0
        }
        return UInt64(version) + ownWrites.load(ordering: .sequentiallyConsistent)
    }

    /// Waits until the count has passed `seen`, the deadline passes, or the task is cancelled.
    ///
    /// The kernel reports a write shortly before the commit is visible, so a few looks follow, with growing pauses.
    /// Where the kernel
    /// reports nothing, these looks are all there is.
    package func waitForChange(since seen: UInt64, until deadline: ContinuousClock.Instant?) async throws {
        let longest: Duration = watch.isWatching ? .seconds(1) : .milliseconds(200)
        var pause = Duration.milliseconds(1)
        while !Task.isCancelled {
            let generation = watch.generation
            if try await changeCount() != seen || deadline.map({ $0 <= .now }) ?? false { return }
            let look = ContinuousClock.now + pause
            await watch.wait(since: generation, until: deadline.map { min($0, look) } ?? look)
            pause = watch.generation == generation ? min(pause * 2, longest) : .milliseconds(1)
        }
        throw CancellationError()
    }

    package func close() {
        watch.close()
        database.close()
        entry.withLock { $0 = nil }
    }
}
