import CeleryCore
import Glibc
import Processes

/// Checks that nobody but one user can change certain files: who can write to a broker's file could have commands run.
///
/// Stricter than `TaskGuard`: a group is always somebody else, and root's files are no other user's.
struct CommandGuard {
    let user: UInt32

    /// Refuses a file that another user owns or may write, and a link. A missing file is fine.
    func check(file path: String) throws(CommandRefusal) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT != S_IFLNK else {
            throw CommandRefusal("\(path) is a link", hint: "name the file itself in the settings")
        }
        try check(status, path, mayBeRoots: false)
    }

    /// Refuses a file that anybody but root and the user may write.
    func check(settings path: String) throws(CommandRefusal) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        try check(status, path, mayBeRoots: true)
    }

    /// Refuses a folder that another user owns or may write, and one that another user could replace: by writing to a
    /// folder above it, unless that is one like /tmp, where nobody can rename the files of others.
    func check(folder path: String) throws(CommandRefusal) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        try check(status, path, mayBeRoots: false)
        // The path as written may pass through links, which somebody may be able to replace.
        for place in [path, Self.realPath(path)].compactMap({ $0 }) {
            var parent = Self.parent(of: place)
            while let folder = parent {
                try check(above: folder)
                parent = Self.parent(of: folder)
            }
        }
    }

    private func check(above folder: String) throws(CommandRefusal) {
        var status = stat()
        guard lstat(folder, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFLNK {
            guard status.st_uid == 0 || status.st_uid == user else { throw foreign(status, folder) }
            guard stat(folder, &status) == 0 else { return }
        }
        if status.st_mode & S_ISVTX != 0 { status.st_mode &= ~0o022 }
        try check(status, folder, mayBeRoots: true)
    }

    private func check(_ status: stat, _ path: String, mayBeRoots: Bool) throws(CommandRefusal) {
        guard status.st_uid == user || (mayBeRoots && status.st_uid == 0) else { throw foreign(status, path) }
        guard status.st_mode & 0o022 == 0 else {
            let who = status.st_mode & 0o002 != 0 ? "every user" : "the group \(AccountName.group(status.st_gid))"
            throw CommandRefusal("\(path) is writable by \(who)", hint: "chmod go-w \(ShellWord.quoted(path))")
        }
    }

    private func foreign(_ status: stat, _ path: String) -> CommandRefusal {
        CommandRefusal(
            "\(path) belongs to user \(AccountName.user(status.st_uid)), not to \(AccountName.user(user))",
            hint: "commands run only in a project of one's own; with CELERY_COMMAND_KEY and CELERY_COMMAND_PATTERNS, also elsewhere")
    }

    private static func parent(of path: String) -> String? {
        guard path != "/" else { return nil }
        let trimmed = path.hasSuffix("/") ? path.dropLast() : path[...]
        guard let slash = trimmed.lastIndex(of: "/") else { return nil }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// The path without links. The corresponding C function is `realpath`.
    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
