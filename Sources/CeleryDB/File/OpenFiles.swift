import CeleryCore
import Glibc
import Synchronization

/// The database files this process has open, so that none of them is opened a second time past SQLite.
///
/// SQLite keeps others away with POSIX locks, and a process that closes *any* descriptor
/// of a file loses all of its locks on it (fcntl(2)). Another process would then take
/// itself for the last one, and delete the WAL into which we go on writing.
enum OpenFiles {
    /// A file by what it is, not by what it is called.
    fileprivate struct Identity: Hashable {
        var device: dev_t
        var inode: ino_t

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            (device, inode) = (status.st_dev, status.st_ino)
        }
    }

    /// How a file is open in this process.
    fileprivate struct Opening {
        /// How often it is open.
        var count = 0
        /// For looks past SQLite; open as long as any connection is, for the reason above. -1 where it could not be opened.
        var descriptor: Int32
    }

    private static let openings = Mutex<[Identity: Opening]>([:])

    /// Keeps a file known as open for as long as it lives.
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

        /// Whether the file is the one of this name. A folder that cannot be searched for the moment tells nothing.
        func isInPlace(_ path: String) -> Bool {
            guard let identity else { return true }
            if let current = Identity(path) { return current == identity }
            return errno != ENOENT
        }

        /// Whether the file still begins as a database of ours.
        var holdsDatabase: Bool {
            guard descriptor >= 0 else { return true }
            return FileHeader.read(descriptor)?.applicationID == Schema.applicationID
        }
    }

    /// Looks at a file while nobody of this process opens one. `look` is told whether it is open already.
    static func look<Value: Sendable>(
        at path: String, _ look: (_ isOpen: Bool) throws(DriverError) -> Value
    ) throws(DriverError) -> Value {
        try openings.withLock { (openings) throws(DriverError) in
            try look(isOpen(path, openings))
        }
    }

    /// Opens a file with `open`, which is told whether it is open already.
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
