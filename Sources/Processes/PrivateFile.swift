import Glibc

/// Opens a file of ours to be written: a log, a job log. What it holds is not for everybody, so that it is created for
/// its owner alone, or for a group too; and nobody else may have put something in its place.
package struct PrivateFile: Sendable {
    /// What is being done, for errors: `open log file`.
    package var operation: String
    /// `O_WRONLY` or `O_RDWR`, and perhaps `O_APPEND`.
    package var access: Int32
    /// Whose members may read a new file; `nil` is nobody.
    package var group: UInt32?
    /// The user that the process is to become: a link of that one is trusted, and a new file is given to it.
    package var owner: Privileges?

    /// So many links may stand one behind the other, as with the kernel.
    private static let mostLinks = 40

    package init(_ operation: String, access: Int32, group: UInt32? = nil, owner: Privileges? = nil) {
        self.operation = operation
        self.access = access
        self.group = group
        self.owner = owner
    }

    /// Opens the file, creating it if need be. Never blocks.
    ///
    /// A link is followed only if it belongs to root or to us: in a folder that many write to, another user could make
    /// us write into any file of ours. `/dev/stdout` and its like are the open files that they name.
    ///
    /// - Throws: `cannot open log file /x/y.log: it is a named pipe, ...`; EINVAL for what is no file, ELOOP for a link.
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
            // A link, or a file that has gone this very moment.
            if let target = try target(of: place, path) { place = target }
        }
        throw SystemError(ELOOP, operation, path: path)
    }

    /// - Returns: `nil` when something stands there.
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

    /// - Returns: `nil` for a link, and for nothing at all.
    private func existing(_ place: String, _ path: String) throws(SystemError) -> OwnedDescriptor? {
        let number = Glibc.open(place, access | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK)
        let code = errno
        if number < 0, code == ELOOP || code == ENOENT { return nil }
        // What nobody reads cannot be opened without waiting.
        if number < 0, code == ENXIO { throw misfit("it is a named pipe or a socket, and no file", path) }
        if number < 0 { throw SystemError(code, operation, path: path) }
        let descriptor = OwnedDescriptor(owning: number)
        var status = stat()
        try Syscall.check(operation, path: path) { fstat(number, &status) }
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFCHR: break
        case S_IFIFO: throw misfit("it is a named pipe, and no file: whoever writes there waits for whoever reads", path)
        default: throw misfit("it is no file", path)
        }
        try Syscall.check(operation, path: path) { fcntl(number, F_SETFL, access & O_APPEND) }
        return descriptor
    }

    /// Where a link leads.
    ///
    /// - Returns: `nil` when there is nothing any more.
    private func target(of place: String, _ path: String) throws(SystemError) -> String? {
        var status = stat()
        if lstat(place, &status) != 0 { return nil }
        guard status.st_mode & S_IFMT == S_IFLNK else { return nil }
        guard [0, geteuid(), owner?.user].contains(status.st_uid) else {
            let reason = "it is a link that user \(AccountName.user(status.st_uid)) made"
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

    /// The number of the open file that a path names: opened anew, a pipe would block, and a socket could not be opened.
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
