import CeleryCore
import Glibc
import Synchronization

/// The database files open in this process, so that none of them is opened a second time without SQLite.
///
/// SQLite uses POSIX locks, and a process that closes *any* descriptor of a file loses all of its locks on that file (fcntl(2)).
/// Another process would then consider itself the last one, and delete the WAL into which this process still writes.
enum OpenFiles {
    /// The identity of a file, independent of its path.
    fileprivate struct Identity: Hashable {
        var device: dev_t
        var inode: ino_t

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            (device, inode) = (status.st_dev, status.st_ino)
        }
    }

    /// An open file of this process.
    fileprivate struct Opening {
        /// How many times the file is open.
        var count = 0
        /// For reading the header without SQLite; kept open as long as any connection, for the reason above. -1 if it could
        /// not be opened.
        var descriptor: Int32
    }

    private static let openings = Mutex<[Identity: Opening]>([:])

    /// Registers a file as open during its own lifetime.
    final class Entry: Sendable {
        private let identity: Identity?
        private let descriptor: Int32

        fileprivate init(_ identity: Identity?, _ descriptor: Int32) {
            self.identity = identity
            self.descriptor = descriptor
        }

        deinit {
            guard let identity else { return }
            OpenFiles.openings.withLock { openings in
                guard var opening = openings[identity] else { return }
                opening.count -= 1
                openings[identity] = opening.count > 0 ? opening : nil
                if opening.count == 0, opening.descriptor >= 0 { close(opening.descriptor) }
            }
        }

        /// Whether the path still names this file. A folder that cannot be searched at the moment proves nothing.
        func isInPlace(_ path: String) -> Bool {
            guard let identity else { return true }
            if let current = Identity(path) { return current == identity }
            return errno != ENOENT
        }

        /// Whether the file still has the header of our database.
        var holdsDatabase: Bool {
            guard descriptor >= 0 else { return true }
            return FileHeader.read(descriptor)?.applicationID == Schema.applicationID
        }
    }

    /// Examines a file while this process opens none. `look` receives whether the file is already open.
    static func look<Value: Sendable>(
        at path: String, _ look: (_ isOpen: Bool) throws(DriverError) -> Value
    ) throws(DriverError) -> Value {
        try openings.withLock { (openings) throws(DriverError) in
            try look(isOpen(path, openings))
        }
    }

    /// Opens a file with `open`, which receives whether the file is already open.
    static func open<Value: Sendable>(
        _ path: String, _ open: (_ isOpen: Bool) throws(DriverError) -> Value
    ) throws(DriverError) -> (Value, Entry) {
        try openings.withLock { (openings) throws(DriverError) in
            let value = try open(isOpen(path, openings))
            guard let identity = Identity(path) else { return (value, Entry(nil, -1)) }
            var opening = openings[identity] ?? Opening(descriptor: Glibc.open(path, O_RDONLY | O_CLOEXEC))
            opening.count += 1
            openings[identity] = opening
            return (value, Entry(identity, opening.descriptor))
        }
    }

    private static func isOpen(_ path: String, _ openings: [Identity: Opening]) -> Bool {
        Identity(path).map { openings[$0] != nil } ?? false
    }
}
