import CLinux
import Glibc

/// Looking at a pidfile from outside, and acting on the process that holds it.
extension PIDFile {
    /// Who holds the file, without touching it.
    ///
    /// The corresponding C function is `fcntl` with `F_OFD_GETLK`.
    package static func state(at path: String) throws(SystemError) -> State {
        // A holder writes its number just after it took the lock, and a daemon writes it anew: give it the time.
        let deadline = Deadline(after: .seconds(2))
        while true {
            let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            if number < 0, errno == ENOENT { return .free }
            if number < 0 { throw SystemError(errno, "read pidfile", path: path) }
            let descriptor = OwnedDescriptor(owning: number)
            let content = try PIDFileContent(descriptor, path)
            var obstacle = wholeFile
            try Syscall.check("read pidfile lock", path: path) { fcntl(descriptor.number, F_OFD_GETLK, &obstacle) }
            switch (obstacle.l_type != Int16(F_UNLCK), content.number) {
            case (false, nil): return .free
            case (false, let pid?): return .stale(pid)
            case (true, let pid?) where kill(pid, 0) == 0 || errno == EPERM: return .live(pid)
            case (true, _): break
            }
            // Also when the holder lives in another container: its number means nothing here.
            if deadline.hasPassed {
                let reason = "it is locked, but names no running process"
                throw SystemError(EBUSY, "use pidfile", path: path, reason: reason)
            }
            Syscall.pause(.milliseconds(5))
        }
    }

    /// Signals the process that holds the file.
    ///
    /// - Returns: Its number; `nil` if none is running.
    ///
    /// The corresponding C function is `pidfd_send_signal`.
    package static func signal(_ signal: Int32, at path: String) throws(SystemError) -> ProcessID? {
        guard let (pid, pidfd) = try holder(at: path) else { return nil }
        try Syscall.check("signal process \(pid)") { celery_pidfd_send_signal(pidfd.number, signal) }
        return pid
    }

    /// Waits until the process that holds the file now has let it go. A successor is not waited for.
    ///
    /// - Returns: Whether it has within `timeout`.
    ///
    /// The corresponding C function is `poll` on a pidfd.
    package static func waitUntilGone(at path: String, timeout: Duration?) throws(SystemError) -> Bool {
        let deadline = Deadline(after: timeout)
        guard let (pid, pidfd) = try holder(at: path) else { return true }
        guard try pidfd.waitReadable(timeout: deadline.remaining) else { return try state(at: path) != .live(pid) }
        return true
    }

    /// The holder and a descriptor that stays its own, even if the number goes to another.
    private static func holder(at path: String) throws(SystemError) -> (ProcessID, OwnedDescriptor)? {
        while case .live(let pid) = try state(at: path) {
            let pidfd = celery_pidfd_open(pid)
            if pidfd < 0, errno != ESRCH { throw SystemError(errno, "watch process \(pid)") }
            if pidfd < 0 { continue }
            let descriptor = OwnedDescriptor(owning: pidfd)
            // Still the holder after the open: so the descriptor is of the process we mean.
            if try state(at: path) == .live(pid) { return (pid, descriptor) }
        }
        return nil
    }
}

/// What a pidfile says.
struct PIDFileContent {
    /// The process id; `nil` in an empty file.
    let number: ProcessID?

    /// - Throws: For any file that is not a pidfile, so that a wrong `--pidfile` does not overwrite it.
    init(_ descriptor: OwnedDescriptor, _ path: String) throws(SystemError) {
        var status = stat()
        try Syscall.check("read pidfile", path: path) { fstat(descriptor.number, &status) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SystemError(EINVAL, "use pidfile", path: path, reason: "not a regular file")
        }
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = try Syscall.check("read pidfile", path: path) { pread(descriptor.number, &buffer, buffer.count, 0) }
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        let words = text.split(whereSeparator: \.isWhitespace)
        number = words.first.flatMap { ProcessID($0) }
        let isPIDFile = text.isEmpty || words.count == 1 && (number ?? 0) > 0
        guard isPIDFile, count < buffer.count else {
            throw SystemError(EINVAL, "use pidfile", path: path, reason: "it holds something else than a process id")
        }
    }
}
