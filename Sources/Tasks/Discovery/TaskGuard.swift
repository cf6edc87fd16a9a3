import Glibc
import Processes

/// Checks that only root and the worker's user can change a task's program.
///
/// A worker that runs as root rejects any other program, since a user who can change the program could act as root;
/// other workers report a warning. The check covers the file and every folder from the project folder down to it, and
/// for a link also its target and the target's folder. Write access of a group is a danger unless the group is the worker's
/// or root's.
package struct TaskGuard: Sendable {
    let user: UInt32
    let group: UInt32

    /// - Parameters:
    ///   - user: The user of the worker.
    ///   - group: The primary group of that user.
    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    /// The guard for a worker in this process. The corresponding C functions are `geteuid` and `getegid`.
    package static var current: TaskGuard { TaskGuard(user: geteuid(), group: getegid()) }

    /// Whether unsafe programs are rejected, instead of causing a warning.
    package var refuses: Bool { user == 0 }

    /// The danger of one file or folder, as text to follow its name; `nil` if it is safe.
    func danger(_ status: stat) -> String? {
        let mode = status.st_mode
        if mode & 0o002 != 0 { return "is writable by every user" }
        if mode & 0o020 != 0, status.st_gid != 0, status.st_gid != group { return "is writable by the group \(AccountName.group(status.st_gid))" }
        if status.st_uid != 0, status.st_uid != user { return "belongs to user \(AccountName.user(status.st_uid))" }
        return nil
    }

    /// The danger of the file or folder at a path; `nil` if it is safe or missing.
    func danger(of path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return danger(status)
    }

    /// The danger of a project folder; `nil` if it is safe. A folder like /tmp, which is writable by every user, is safe if
    /// it has the sticky bit, which prevents users from replacing each other's files.
    func danger(ofProject folder: String) -> String? {
        var status = stat()
        guard stat(folder, &status) == 0 else { return nil }
        if status.st_mode & 0o1000 != 0 { status.st_mode &= ~0o022 }
        return danger(status)
    }

    /// The danger of the folder that contains a link's target; `nil` if it is safe, or the path is not a link.
    func danger(behindLink path: String) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return nil }
        let descriptor = open(path, Self.pathOnly | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard let folder = Self.realFolder(descriptor), let danger = danger(of: folder) else { return nil }
        return "is a link to a file in \(folder), which \(danger)"
    }

    /// Checks a program and its folders just before it runs. Returns the name of an unsafe file or folder with its danger;
    /// `nil` if all are safe.
    ///
    /// The file cannot be replaced during the check, nor by others after it, because the folders on its path are safe too.
    /// Takes a few microseconds. The corresponding C functions are
    /// `open` with `O_PATH`, and `fstat`.
    ///
    /// - Parameters:
    ///   - path: The absolute path of the program.
    ///   - project: The absolute path of the project folder. Folders above it are not checked.
    package func danger(ofProgram path: String, in project: String) -> String? {
        let root = project.hasSuffix("/") ? String(project.dropLast()) : project
        if isPlainlySafe(path, below: root) { return nil }
        let descriptor = open(path, Self.pathOnly | O_CLOEXEC)
        // The attempt to run the program reports the error.
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        func shown(_ path: String) -> String { path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : path }
        if let danger = danger(status) { return "\(shown(path)) \(danger)" }
        let folders = [Self.realFolder(descriptor), Self.realPath(ofFolder: Self.folder(of: path))].compactMap { $0 }
        for (index, folder) in folders.enumerated() where index == 0 || folder != folders[0] {
            var current = folder
            while current != root {
                if let danger = danger(of: current) { return "\(shown(current)) \(danger)" }
                // Outside the project, only the folder of a link's target is checked.
                guard current.hasPrefix(root + "/") else { break }
                current = Self.folder(of: current)
            }
        }
        return danger(ofProject: root.isEmpty ? "/" : root).map { "the project's folder \($0)" }
    }

    /// Whether a program is safe that no link leads to, as most programs are. Saves most of the time that the whole check takes.
    ///
    /// Begins with the project folder: once a folder is safe, nobody else can replace what it contains.
    /// The corresponding C function is `lstat`.
    private func isPlainlySafe(_ path: String, below root: String) -> Bool {
        guard !root.isEmpty, path.hasPrefix(root + "/"), danger(ofProject: root) == nil else { return false }
        var end = root.utf8.endIndex
        repeat {
            let start = path.utf8.index(after: end)
            end = path.utf8[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.utf8.endIndex
            guard path[start..<end] != "..", path[start..<end] != "." else { return false }
            var status = stat()
            guard lstat(String(path[..<end]), &status) == 0, status.st_mode & S_IFMT != S_IFLNK, danger(status) == nil else { return false }
        } while end < path.utf8.endIndex
        return true
    }

    /// O_PATH of fcntl.h, which Glibc's headers do not export without _GNU_SOURCE.
    private static let pathOnly: Int32 = 0o10000000

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    private static func realPath(ofFolder path: String) -> String? {
        let descriptor = open(path, pathOnly | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return realPath(descriptor)
    }

    /// The real folder of an open file.
    private static func realFolder(_ descriptor: Int32) -> String? { realPath(descriptor).map(folder) }

    /// The real path of an open file. The corresponding C function is `readlink`.
    private static func realPath(_ descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/fd/\(descriptor)", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
