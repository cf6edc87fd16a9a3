// Results in a folder, where Python's Celery keeps them (`file:///path`), so that both programs read each other's results. A file for
// each result, as `backends/filesystem.py` of Celery 5.7 names and writes it; ours are replaced as a whole, where Python's are written
// in place: what is half there is read again.

package import CeleryCore
import Glibc
import Processes
import Synchronization
import Wire

/// Stores results as files in a folder.
package final class FolderResultStore: RevocationAnnouncing {
    package let location: String
    let folder: ResultFolder
    let keys: FolderKeys
    let now: @Sendable () -> Timestamp
    /// Seconds a result is kept; `nil` for ever.
    private let expires: Double?
    private let pace = PollPace()
    /// Apart, because a writer may wait for another process.
    private let readThread = BlockingThread("celery.results.read")
    private let writeThread = BlockingThread("celery.results.write")
    private let watch = Mutex<FileWatcher.Registration?>(nil)
    /// Names of the files that had expired when the folder was listed.
    private let overdue = Mutex<[String]>([])

    /// How results are kept.
    package struct Terms: Sendable {
        /// Seconds a result is kept; `nil` for ever.
        package var expires: Double?
        /// Before every name: Python's `global_keyprefix`.
        package var keyPrefix: String
        /// Name or number of the group that may read new files; `nil` for none.
        package var fileGroup: String?
        /// Whether that group may also write.
        package var groupWrites: Bool
        /// Whether what was stored survives a power failure.
        package var isDurable: Bool

        package init(
            expires: Double?, keyPrefix: String = "", fileGroup: String? = nil, groupWrites: Bool = false, isDurable: Bool = false
        ) {
            (self.expires, self.keyPrefix, self.fileGroup, self.groupWrites, self.isDurable) = (expires, keyPrefix, fileGroup, groupWrites, isDurable)
        }
    }

    /// Makes the folder if it is missing. Blocks.
    ///
    /// - Throws: `DriverError`.
    package init(path: String, _ terms: Terms, now: @escaping @Sendable () -> Timestamp = { .now }) throws {
        location = ServiceURL(scheme: "file", path: path).text
        keys = try FolderKeys(prefix: terms.keyPrefix)
        var access = ResultFolder.Access(groupWrites: terms.groupWrites)
        if let name = terms.fileGroup {
            do throws(SystemError) {
                access.group = try Privileges(user: nil, group: name)?.numbers.group
            } catch {
                throw DriverError(.configuration, "cannot give results in \(path) to their group: \(error)", hint: "see CELERY_FILE_GROUP in the settings")
            }
        }
        folder = try ResultFolder(path: path, access, isDurable: terms.isDurable)
        expires = terms.expires
        self.now = now
    }

    package func store(_ results: [TaskResult]) async throws {
        guard !results.isEmpty else { return }
        // Nothing is written unless all can be.
        let writes = try results.map { (result: $0, name: try keys.task($0.id), bytes: ResultValue.bytes(of: $0)) }
        try await write { [self] in
            for write in writes {
                // Who writes what cannot be read here cannot read our results either; it is as if there were none.
                if let there = try? current(write.name), !ResultValue.mayReplace(there, byAttempt: write.result.attempt) { continue }
                try folder.write(write.bytes, to: write.name, at: now())
            }
        }
    }

    /// Changes files while no other of our programs does.
    func write<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let value = try await writeThread.run { [folder] in
            try folder.locked {
                defer { folder.sync() }
                return try body()
            }
        }
        pace.changed()
        return value
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value { try await readThread.run(body) }

    /// The result in a file; `nil` if there is none, or one that has expired. Blocks.
    private func current(_ name: String) throws -> TaskResult? {
        try content(name) { try ResultValue.read($0) }
    }

    /// How often, and after which pauses, a file is read that may be half written by Python.
    private static let looks = 20
    private static let pause: Duration = .milliseconds(25)

    /// What a file holds; `nil` without it, when it has expired, and when it is empty: then Python is about to write it. Blocks.
    ///
    /// - Throws: What `decode` throws, if it does so again and again.
    func content<Value>(_ name: String, _ decode: ([UInt8]) throws -> Value) throws -> Value? {
        for look in 1... {
            guard let (bytes, written) = try folder.read(name), !bytes.isEmpty, !isOver(written) else { return nil }
            do {
                return try decode(bytes)
            } catch {
                if look == Self.looks { throw error }
                Syscall.pause(Self.pause)
            }
        }
        return nil
    }

    /// Whether the time of a file is over.
    private func isOver(_ written: Timestamp) -> Bool { expires.map { written.seconds <= now().seconds - $0 } ?? false }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        let names = try ids.distinct.map { (id: $0, name: try keys.task($0)) }
        return try await read { [self] in
            var found: [TaskID: TaskResult] = [:]
            for (id, name) in names {
                do {
                    guard var result = try current(name) else { continue }
                    result.id = id
                    found[id] = result
                } catch let error as DriverError {
                    throw error
                } catch {
                    throw DriverError(
                        .unusable, "the result of \(id) in \(folder.path(of: name)) cannot be read: \(error)",
                        hint: "let Python's programs write json, with gzip or no compression: result_serializer, result_compression")
                }
            }
            return found
        }
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        let names = try ids.distinct.map { try keys.task($0) }
        guard !names.isEmpty else { return 0 }
        return try await write { [folder] in try names.reduce(0) { try $0 + (folder.remove($1) ? 1 : 0) } }
    }

    package func close() async {
        watch.withLock { watch in
            if let registration = watch { FileWatcher.shared.remove(registration) }
            watch = nil
        }
        pace.close()
    }

    deinit {
        if let registration = watch.withLock({ $0 }) { FileWatcher.shared.remove(registration) }
    }
}

extension FolderResultStore: ResultWatching {
    package func mark() async -> ResultMark {
        // The kernel tells of changes on this machine only, and of none in some file systems.
        watch.withLock { watch in
            if watch == nil { watch = FileWatcher.shared.add(folder.path, UInt32(IN_MOVED_TO | IN_CLOSE_WRITE)) { [pace] in pace.changed() } }
        }
        return ResultMark(number: pace.count)
    }

    package func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        await pace.wait(since: mark.number, until: deadline)
        try Task.checkCancellation()
    }
}

extension FolderResultStore: ResultExpiring {
    /// Seconds after which a file that was never finished belongs to nobody.
    private static let draftAge = 3_600.0

    /// Also drops saved groups, as Python's `cleanup` does. The folder is listed once for many calls, and without its lock.
    package func dropExpired(now: Timestamp, limit: Int) async throws -> Int {
        guard let expires else { return 0 }
        let isOver: @Sendable (String) -> Bool = { [keys, folder] name in
            let isDraft = name.hasPrefix(ResultFolder.draftPrefix)
            guard isDraft || keys.expires(name), let written = folder.written(name) else { return false }
            return written.seconds <= now.seconds - (isDraft ? Self.draftAge : expires)
        }
        if overdue.withLock({ $0.isEmpty }) {
            let found = try await read { [folder] in try folder.names().filter(isOver) }
            overdue.withLock { $0 = found }
        }
        var count = 0
        while count < limit {
            let names = overdue.withLock { [left = limit - count] overdue in
                defer { overdue.removeLast(min(left, overdue.count)) }
                return Array(overdue.suffix(left))
            }
            guard !names.isEmpty else { break }
            count += try await write { [folder] in
                // Each may have been written anew, or dropped by another worker.
                try names.reduce(0) { count, name in
                    guard isOver(name), try folder.remove(name) else { return count }
                    return name.hasPrefix(ResultFolder.draftPrefix) ? count : count + 1
                }
            }
        }
        return count
    }
}

extension FolderResultStore: TaskIDListing {
    package func taskIDs(startingWith prefix: String, limit: Int) async throws -> [TaskID] {
        try await read { [keys, folder] in
            let ids = try folder.names().compactMap(keys.task(ofName:)).filter { $0.text.hasPrefix(prefix) }
            guard prefix.isEmpty else { return Array(ids.prefix(limit)) }
            let dated = ids.map { ($0, (try? keys.task($0)).flatMap(folder.written)?.seconds ?? 0) }
            return dated.sorted { $0.1 > $1.1 }.prefix(limit).map(\.0)
        }
    }
}
