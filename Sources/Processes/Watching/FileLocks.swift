import Glibc

/// The locks that processes hold on a file, as listed by the kernel.
///
/// The file is not opened: closing any descriptor of the file would release this process's own POSIX locks on it.
/// Locks of processes in other pid namespaces are not listed. See proc_locks(5).
package struct FileLocks: Sendable {
    /// One lock.
    package struct Lock: Sendable, Equatable {
        package enum Kind: String, Sendable {
            /// By flock(2), on the whole file.
            case flock = "FLOCK"
            /// By fcntl(2), on a range of bytes.
            case posix = "POSIX"
        }

        package var kind: Kind
        package var isExclusive: Bool
        package var process: ProcessID
        /// The locked bytes; `UInt64.max` is the end of any file.
        package var bytes: ClosedRange<UInt64>
        /// Whether the process is waiting for the lock.
        package var isWaiting: Bool
    }

    package let locks: [Lock]

    /// - Parameter path: A file; a missing file has no locks.
    package init(path: String) {
        var status = stat()
        let exists = stat(path, &status) == 0
        let text = exists ? ProcFile.text("/proc/locks") : nil
        self.init(listing: text ?? "", device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// Parses the content of `/proc/locks`.
    init(listing text: String, device: UInt64, inode: UInt64) {
        let found = text.split(separator: "\n").compactMap { Self.lock($0, inode) }
        // Some file systems report another device number to programs than they use internally.
        let major = (device >> 8 & 0xfff) | (device >> 32 & ~0xfff)
        let minor = (device & 0xff) | (device >> 12 & 0xfff_ff00)
        let exact = found.filter { $0.device == Device(major: major, minor: minor) }
        locks = (exact.isEmpty ? found : exact).map(\.lock)
    }

    private struct Device: Equatable {
        var major: UInt64
        var minor: UInt64
    }

    /// Parses `1: [->] FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE START END`, with the device numbers in hexadecimal.
    private static func lock(_ line: Substring, _ inode: UInt64) -> (lock: Lock, device: Device)? {
        var words = line.split(separator: " ").dropFirst()
        let isWaiting = words.first == "->"
        if isWaiting { words = words.dropFirst() }
        let fields = Array(words)
        guard fields.count >= 7, let kind = Lock.Kind(rawValue: String(fields[0])), let process = ProcessID(fields[3]), process > 0,
            let start = UInt64(fields[5])
        else { return nil }
        let place = fields[4].split(separator: ":")
        guard place.count == 3, let major = UInt64(place[0], radix: 16), let minor = UInt64(place[1], radix: 16),
            UInt64(place[2]) == inode
        else { return nil }
        let end = UInt64(fields[6]) ?? .max
        let lock = Lock(
            kind: kind, isExclusive: fields[2] == "WRITE", process: process, bytes: start...max(start, end), isWaiting: isWaiting)
        return (lock, Device(major: major, minor: minor))
    }
}
