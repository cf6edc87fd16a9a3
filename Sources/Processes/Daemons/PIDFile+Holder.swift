import CLinux
import Glibc

/// Inspects pidfiles of other processes, and acts on the processes that hold them.
extension PIDFile {
    /// The state of a pidfile, without modifying or locking it.
    ///
    /// The corresponding C function is `fcntl` with `F_OFD_GETLK`.
    package static func state(at path: String) throws(SystemError) -> State {
        // A holder writes its id just after locking the file, and a daemon writes it again: wait for the id.
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
            // Also if the holder is in another container, where its id has no meaning here.
            if deadline.hasPassed {
                let reason = "it is locked, but names no running process"
                throw SystemError(EBUSY, "use pidfile", path: path, reason: reason)
            }
            Syscall.pause(.milliseconds(5))
        }
    }

    /// Signals the process that holds the file.
    ///
    /// - Returns: The process id; `nil` if no process holds the file.
    ///
    /// The corresponding C function is `pidfd_send_signal`.
    package static func signal(_ signal: Int32, at path: String) throws(SystemError) -> ProcessID? {
        guard let (pid, pidfd) = try holder(at: path) else { return nil }
        try Syscall.check("signal process \(pid)") { celery_pidfd_send_signal(pidfd.number, signal) }
        return pid
    }

    /// Waits until the present holder has released the file. Does not wait for a successor.
    ///
    /// - Returns: Whether the file was released within `timeout`.
    ///
    /// The corresponding C function is `poll` on a pidfd.
    package static func waitUntilGone(at path: String, timeout: Duration?) throws(SystemError) -> Bool {
        let deadline = Deadline(after: timeout)
        guard let (pid, pidfd) = try holder(at: path) else { return true }
        guard try pidfd.waitReadable(timeout: deadline.remaining) else { return try state(at: path) != .live(pid) }
        return true
    }

    /// The holder and its pidfd, which stays valid even if the process id is reused.
    private static func holder(at path: String) throws(SystemError) -> (ProcessID, OwnedDescriptor)? {
        while case .live(let pid) = try state(at: path) {
            let pidfd = celery_pidfd_open(pid)
            if pidfd < 0, errno != ESRCH { throw SystemError(errno, "watch process \(pid)") }
            if pidfd < 0 { continue }
            let descriptor = OwnedDescriptor(owning: pidfd)
            // Still the holder after opening: the pidfd belongs to the intended process.
            if try state(at: path) == .live(pid) { return (pid, descriptor) }
        }
        return nil
    }
}

/// The content of a pidfile.
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
            throw SystemError(EINVAL, "use pidfile", path: path, reason: "its content is not a process id")
        }
    }
}
