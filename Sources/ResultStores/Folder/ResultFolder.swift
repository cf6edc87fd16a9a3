import CeleryCore
import Glibc
import Processes

/// A folder of files that are replaced as a whole: whoever reads one finds the old or the new content, never half of it. Everything
/// here blocks.
struct ResultFolder: Sendable {
    let path: String
    private let access: Access
    /// Whether what was written survives a power failure.
    private let isDurable: Bool

    /// Who besides the owner may use new files.
    struct Access: Sendable {
        /// `nil` for nobody.
        var group: UInt32?
        var groupWrites = false

        var fileMode: mode_t { group == nil ? 0o600 : groupWrites ? 0o660 : 0o640 }
        // New files belong to the group of the folder (set-group-ID), Python's too.
        var folderMode: mode_t { group == nil ? 0o700 : groupWrites ? 0o2770 : 0o2750 }
    }

    /// Beginning of the names of files that are not finished; Python's cleanup leaves them alone.
    static let draftPrefix = ".celery-draft-"
    private static let lockName = ".celery-lock"
    /// How long to wait for the lock: it is held for as long as a batch of results is written.
    private static let patience: Duration = .seconds(30)
    /// Characters in the name of a file at most (NAME_MAX).
    static let nameLimit = 255

    /// Makes the folder if it is missing, but not the one it is in.
    ///
    /// - Throws: `DriverError` for what is not a folder, or may not be used.
    init(path: String, _ access: Access, isDurable: Bool) throws {
        (self.path, self.access, self.isDurable) = (path, access, isDurable)
        var status = stat()
        if stat(path, &status) != 0, errno == ENOENT { try create() }
        guard stat(path, &status) == 0 else { throw error(.unreachable, "use folder \(path)") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw DriverError(.unusable, "\(path) is not a folder", hint: "name the folder for results: file:///path/to/folder")
        }
        guard Glibc.access(path, R_OK | W_OK | X_OK) == 0 else {
            throw error(.noPermission, "keep results in \(path)", hint: "its owner may let you write there, or name another folder")
        }
    }

    private func create() throws {
        if mkdir(path, 0o700) == 0 {
            guard let group = access.group else { return }
            guard chown(path, uid_t.max, group) == 0, chmod(path, access.folderMode) == 0 else {
                let reason = error(
                    .cannotCreate, "give folder \(path) to its group",
                    hint: "the user who creates it must be root or a member of the group in CELERY_FILE_GROUP")
                rmdir(path)
                throw reason
            }
        } else if errno != EEXIST {
            throw error(.cannotCreate, "create folder \(path)")
        }
    }

    private func error(_ code: DriverError.Code, _ operation: String, hint: String? = nil) -> DriverError {
        DriverError(code, "cannot \(operation): \(SystemError.text(of: errno))", hint: hint)
    }

    func path(of name: String) -> String { "\(path)/\(name)" }

    /// The names of all files; an error if the folder cannot be read, as when it is gone.
    func names() throws -> [String] {
        guard Glibc.access(path, R_OK | X_OK) == 0 else { throw error(.unreachable, "read folder \(path)") }
        return FolderNames.of(path)
    }

    /// The content of a file, and when it was written; `nil` without the file.
    func read(_ name: String) throws -> (bytes: [UInt8], written: Timestamp)? {
        let number = open(path(of: name), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard number >= 0 else {
            if errno == ENOENT, Glibc.access(path, F_OK) == 0 { return nil }
            throw error(errno == EACCES ? .noPermission : .unreachable, "read \(path(of: name))")
        }
        let file = OwnedDescriptor(owning: number)
        var status = stat()
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw DriverError(.unusable, "\(path(of: name)) is not a file")
        }
        do throws(SystemError) {
            return (try file.readToEnd(limit: 1 << 30), Self.time(status))
        } catch {
            throw DriverError(.unreachable, "cannot read \(path(of: name)): \(SystemError.text(of: error.code))")
        }
    }

    /// When a file was written; `nil` without it.
    func written(_ name: String) -> Timestamp? {
        var status = stat()
        return stat(path(of: name), &status) == 0 ? Self.time(status) : nil
    }

    private static func time(_ status: stat) -> Timestamp {
        Timestamp(seconds: Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9)
    }

    /// Puts a content in the place of a file, or where there is none.
    ///
    /// - Parameter time: When it was written, as the file tells it.
    /// - Throws: `DriverError`: `tryAgain` for a full disk. The file is as before.
    ///
    /// The corresponding C functions are `open`, `futimens`, `fdatasync` and `rename`.
    func write(_ bytes: [UInt8], to name: String, at time: Timestamp) throws {
        let draft = path(of: "\(Self.draftPrefix)\(getpid())-\(UInt64.random(in: 0...UInt64.max))")
        let number = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw refusal(name) }
        let file = OwnedDescriptor(owning: number)
        do {
            if let group = access.group {
                guard fchown(number, uid_t.max, group) == 0, fchmod(number, access.fileMode) == 0 else { throw refusal(name) }
            }
            do {
                try bytes.withUnsafeBytes { try file.write($0) }
            } catch let error as SystemError {
                errno = error.code
                throw refusal(name)
            }
            let whole = time.seconds.rounded(.down)
            let moment = timespec(tv_sec: Int(whole), tv_nsec: Int((time.seconds - whole) * 1e9))
            guard futimens(number, [moment, moment]) == 0, !isDurable || fdatasync(number) == 0, rename(draft, path(of: name)) == 0 else {
                throw refusal(name)
            }
        } catch {
            unlink(draft)
            throw error
        }
    }

    private func refusal(_ name: String) -> DriverError {
        switch errno {
        case ENOSPC, EDQUOT: error(.tryAgain, "write \(path(of: name))", hint: "make room on the disk")
        case EACCES, EPERM, EROFS: error(.noPermission, "write \(path(of: name))")
        default: error(.unreachable, "write \(path(of: name))")
        }
    }

    /// Removes a file.
    ///
    /// - Returns: Whether there was one.
    func remove(_ name: String) throws -> Bool {
        if unlink(path(of: name)) == 0 { return true }
        guard errno == ENOENT else { throw error(.noPermission, "delete \(path(of: name))") }
        return false
    }

    /// Makes what was written, renamed and removed survive a power failure.
    func sync() {
        guard isDurable else { return }
        let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { return }
        fsync(number)
        close(number)
    }

    /// Keeps out all others of our programs that write; Python's do not ask.
    ///
    /// - Throws: `DriverError.tryAgain` after half a minute.
    ///
    /// The corresponding C function is `flock`.
    func locked<Value>(_ body: () throws -> Value) throws -> Value {
        let number = open(path(of: Self.lockName), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { throw error(errno == EACCES ? .noPermission : .unreachable, "lock folder \(path)") }
        // Closing it ends the lock.
        let file = OwnedDescriptor(owning: number)
        defer { file.close() }
        if let group = access.group, fchown(number, uid_t.max, group) == 0 { fchmod(number, access.fileMode) }
        let deadline = ContinuousClock.now + Self.patience
        var pause: Duration = .milliseconds(1)
        while flock(number, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw error(.unreachable, "lock folder \(path)") }
            guard .now < deadline else {
                throw DriverError(
                    .tryAgain, "folder \(path) is held by another process for too long",
                    hint: "look for a stopped worker or command that uses it")
            }
            Syscall.pause(pause)
            pause = min(pause * 2, .milliseconds(50))
        }
        return try body()
    }
}
