import CLinux
import Glibc

/// A file with the id of the process that holds it, locked while that process lives.
///
/// The lock, not the id, shows whether the process lives: the kernel releases the lock at its end, while an id
/// may be reused. It is an open-file-description lock rather than `flock`: it is also inherited by our re-executed
/// daemon, but other processes can query it without acquiring it, and so never block a starting daemon.
package final class PIDFile: Sendable {
    /// The state of the pidfile at a path.
    package enum State: Sendable, Equatable {
        /// No file, or an empty one.
        case free
        /// A file left by a process that did not remove it.
        case stale(ProcessID)
        /// A running process holds it.
        case live(ProcessID)
    }

    /// Why a pidfile cannot be acquired.
    package enum Refusal: Error, Sendable, Equatable, CustomStringConvertible {
        /// A running process holds it.
        case live(path: String, pid: ProcessID)
        /// The file cannot be used.
        case system(SystemError)

        package var description: String {
            switch self {
            case .live(let path, let pid): "pidfile \(path) is held by process \(pid), which is running"
            case .system(let error): error.description
            }
        }
    }

    /// The absolute path.
    package let path: String
    /// The process id in the stale file that this one replaced.
    package let replaced: ProcessID?
    let descriptor: OwnedDescriptor

    private init(path: String, replaced: ProcessID?, descriptor: OwnedDescriptor) {
        self.path = path
        self.replaced = replaced
        self.descriptor = descriptor
    }

    /// Creates or takes over the file, locks it, and writes our process id.
    ///
    /// The corresponding C functions are `open` and `fcntl` with `F_OFD_SETLK`.
    package static func acquire(at path: String) throws(Refusal) -> PIDFile {
        let refusal: Refusal
        do throws(SystemError) {
            let path = try AbsolutePath.of(path)
            var holder: ProcessID?
            let deadline = Deadline(after: .seconds(5))
            while holder == nil {
                if let file = try attempt(path) { return file }
                // Another process holds the file. If it has ended by the time we read its id, try again.
                guard case .live(let pid) = try state(at: path) else { continue }
                // A killed process keeps the lock until the kernel has torn it down.
                if ProcessEnding.isUnderWay(of: pid), !deadline.hasPassed {
                    Syscall.pause(.milliseconds(5))
                } else {
                    holder = pid
                }
            }
            refusal = .live(path: path, pid: holder!)
        } catch {
            refusal = .system(error)
        }
        throw refusal
    }

    /// - Returns: `nil` if another process has the lock.
    private static func attempt(_ path: String) throws(SystemError) -> PIDFile? {
        while true {
            // Do not follow links, which could redirect the writes of a privileged process.
            let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
            let descriptor = OwnedDescriptor(
                owning: try Syscall.check("create pidfile", path: path) { open(path, flags, 0o644) })
            guard try takeLock(descriptor, path) else { return nil }
            // The previous holder may have removed the file between our open and our lock: the locked file then
            // has no name, and the next process to start would not see it.
            guard isStillNamed(descriptor, path) else { continue }
            let old = try PIDFileContent(descriptor, path)
            let file = PIDFile(path: path, replaced: old.number, descriptor: descriptor)
            try file.writeNumber()
            return file
        }
    }

    /// Takes over a locked file that the previous process of this start left open.
    init?(adopting descriptor: OwnedDescriptor?, path: String) throws(SystemError) {
        guard let descriptor else { return nil }
        self.path = path
        replaced = nil
        self.descriptor = descriptor
        try descriptor.setCloseOnExec(true)
        try writeNumber()
    }

    /// `stale pidfile w.pid (process 123 is gone), replacing it`; `nil` if there was no stale file.
    package var staleNotice: String? {
        replaced.map { number in
            let fate = kill(number, 0) == -1 && errno == ESRCH ? "is gone" : "is another program now"
            return "stale pidfile \(path) (process \(number) \(fate)), replacing it"
        }
    }

    /// Removes the file if it is still the one we locked, and releases the lock.
    ///
    /// After chroot or a change of user the path may be inaccessible; the file is then emptied, which is `.free`.
    ///
    /// The corresponding C functions are `unlink` and `ftruncate`.
    package func remove() {
        if !(Self.isStillNamed(descriptor, path) && unlink(path) == 0) { _ = ftruncate(descriptor.number, 0) }
        descriptor.close()
    }

    private func writeNumber() throws(SystemError) {
        let line = Array("\(getpid())\n".utf8)
        // Truncate first: a concurrent reader then waits for the id instead of reading a mixture of two.
        try Syscall.check("write pidfile", path: path) { ftruncate(descriptor.number, 0) }
        try Syscall.check("write pidfile", path: path) { pwrite(descriptor.number, line, line.count, 0) }
    }

    /// - Returns: Whether the lock was acquired.
    ///
    /// The corresponding C function is `fcntl` with `F_OFD_SETLK`.
    private static func takeLock(_ descriptor: OwnedDescriptor, _ path: String) throws(SystemError) -> Bool {
        var request = Self.wholeFile
        do throws(SystemError) {
            try Syscall.check("lock pidfile", path: path) { fcntl(descriptor.number, F_OFD_SETLK, &request) }
            return true
        } catch where error.code == EAGAIN || error.code == EACCES {
            return false
        }
    }

    /// An exclusive lock on a whole file.
    static var wholeFile: flock {
        flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    }

    private static func isStillNamed(_ descriptor: OwnedDescriptor, _ path: String) -> Bool {
        var ours = stat()
        var named = stat()
        return fstat(descriptor.number, &ours) == 0 && lstat(path, &named) == 0
            && ours.st_ino == named.st_ino && ours.st_dev == named.st_dev
    }
}
