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

    /// How often each is open.
    private static let counts = Mutex<[Identity: Int]>([:])

    /// Keeps a file known as open for as long as it lives.
    final class Entry: Sendable {
        private let identity: Identity?

        fileprivate init(_ identity: Identity?) { self.identity = identity }

        deinit {
            guard let identity else { return }
            OpenFiles.counts.withLock { counts in
                let rest = (counts[identity] ?? 1) - 1
                counts[identity] = rest > 0 ? rest : nil
            }
        }
    }

    /// Looks at a file while nobody of this process opens one. `look` is told whether it is open already.
    static func look<Value: Sendable>(
        at path: String, _ look: (_ isOpen: Bool) throws(DriverError) -> Value
    ) throws(DriverError) -> Value {
        try counts.withLock { (counts) throws(DriverError) in
            try look(isOpen(path, counts))
        }
    }

    /// Opens a file with `open`, which is told whether it is open already.
    static func open<Value: Sendable>(
        _ path: String, _ open: (_ isOpen: Bool) throws(DriverError) -> Value
    ) throws(DriverError) -> (Value, Entry) {
        try counts.withLock { (counts) throws(DriverError) in
            let value = try open(isOpen(path, counts))
            let identity = Identity(path)
            if let identity { counts[identity, default: 0] += 1 }
            return (value, Entry(identity))
        }
    }

    private static func isOpen(_ path: String, _ counts: [Identity: Int]) -> Bool {
        Identity(path).map { counts[$0] != nil } ?? false
    }
}
