import Glibc

/// Opens a log or a job log for writing. A new file is accessible only to its owner and optionally a group, because its
/// content may be confidential; a link or a special file of another user is refused.
package struct PrivateFile: Sendable {
    /// The operation for error messages: `open log file`.
    package var operation: String
    /// `O_WRONLY` or `O_RDWR`, and perhaps `O_APPEND`.
    package var access: Int32
    /// Group that may read a new file; `nil` for none.
    package var group: UInt32?
    /// The user that the process will change to: owns a new file, and may own links.
    package var owner: Privileges?

    /// The maximum length of a chain of links, as in the kernel.
    private static let mostLinks = 40

    package init(_ operation: String, access: Int32, group: UInt32? = nil, owner: Privileges? = nil) {
        self.operation = operation
        self.access = access
        self.group = group
        self.owner = owner
    }

    /// Opens the file, creating it if necessary. Never blocks.
    ///
    /// A link is followed only if root, this user or `owner` owns it: in a folder that other users may write, a link could
    /// redirect the log into any file of this user. `/dev/stdout` and similar names refer to the open files.
    ///
    /// - Throws: `cannot open log file /x/y.log: it is a named pipe, ...`; EINVAL for a special file, ELOOP for a link.
    ///
    /// The corresponding C functions are `open` with `O_NOFOLLOW`, `fstat`, `fchmod` and `fchown`.
    package func open(_ path: String) throws(SystemError) -> OwnedDescriptor {
        var place = path
        for _ in 0..<Self.mostLinks {
            if let number = Self.openNumber(place) {
                return OwnedDescriptor(owning: try Syscall.check(operation, path: path) { fcntl(number, F_DUPFD_CLOEXEC, 3) })
            }
            if let descriptor = try create(place, path) { return descriptor }
            if let descriptor = try existing(place, path) { return descriptor }
            // A link, or a file that was removed in the meantime.
            if let target = try target(of: place, path) { place = target }
        }
        throw SystemError(ELOOP, operation, path: path)
    }

    /// - Returns: `nil` if the path exists.
    private func create(_ place: String, _ path: String) throws(SystemError) -> OwnedDescriptor? {
        let number = Glibc.open(place, access | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0o600)
        if number < 0, errno == EEXIST { return nil }
        if number < 0 { throw SystemError(errno, operation, path: path) }
        let descriptor = OwnedDescriptor(owning: number)
        if owner != nil || group != nil {
            try Syscall.check("give file to its owner", path: path) {
                fchown(number, owner?.user ?? uid_t.max, group ?? owner?.group ?? gid_t.max)
            }
        }
        if group != nil { try Syscall.check("let the group read file", path: path) { fchmod(number, 0o640) } }
        return descriptor
    }

    /// - Returns: `nil` for a link, and if the path does not exist.
    private func existing(_ place: String, _ path: String) throws(SystemError) -> OwnedDescriptor? {
        let number = Glibc.open(place, access | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK)
        let code = errno
        if number < 0, code == ELOOP || code == ENOENT { return nil }
        // A pipe without a reader cannot be opened without blocking.
        if number < 0, code == ENXIO { throw misfit("it is a named pipe or a socket, not a file", path) }
        if number < 0 { throw SystemError(code, operation, path: path) }
        let descriptor = OwnedDescriptor(owning: number)
        var status = stat()
        try Syscall.check(operation, path: path) { fstat(number, &status) }
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFCHR: break
        case S_IFIFO: throw misfit("it is a named pipe, not a file: writing would block without a reader", path)
        default: throw misfit("it is not a file", path)
        }
        try Syscall.check(operation, path: path) { fcntl(number, F_SETFL, access & O_APPEND) }
        return descriptor
    }

    /// The target of a link.
    ///
    /// - Returns: `nil` if the path is no longer a link.
    private func target(of place: String, _ path: String) throws(SystemError) -> String? {
        var status = stat()
        if lstat(place, &status) != 0 { return nil }
        guard status.st_mode & S_IFMT == S_IFLNK else { return nil }
        guard [0, geteuid(), owner?.user].contains(status.st_uid) else {
            let reason = "it is a link owned by user \(AccountName.user(status.st_uid))"
            throw SystemError(ELOOP, operation, path: path, reason: reason)
        }
        guard let target = ProcFile.link(place) else { return nil }
        if target.hasPrefix("/") { return target }
        guard let slash = place.lastIndex(of: "/") else { return target }
        return String(place[...slash]) + target
    }

    private func misfit(_ reason: String, _ path: String) -> SystemError {
        SystemError(EINVAL, operation, path: path, reason: reason)
    }

    /// The descriptor that a path refers to. Opening the path would block for a pipe and fail for a socket.
    private static func openNumber(_ path: String) -> Int32? {
        switch path {
        case "/dev/stdin": return STDIN_FILENO
        case "/dev/stdout": return STDOUT_FILENO
        case "/dev/stderr": return STDERR_FILENO
        default:
            for folder in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(folder) { return Int32(path.dropFirst(folder.utf8.count)) }
            return nil
        }
    }
}
