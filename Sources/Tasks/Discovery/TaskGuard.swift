import Glibc
import Processes

/// Who could change a program that is a task: only root and the user of the worker should.
///
/// A worker of root refuses any other program, since whoever may write it would be root too; another worker is warned of
/// it. What counts is the file, and every folder from the project to it; of a link also the file and the folder it
/// leads to. A group counts as others unless it is the worker's own or root's.
package struct TaskGuard: Sendable {
    let user: UInt32
    let group: UInt32

    /// - Parameters:
    ///   - user: The user of the worker.
    ///   - group: Its main group.
    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    /// For a worker in this process.
    ///
    /// The corresponding C functions are `geteuid` and `getegid`.
    package static var current: TaskGuard { TaskGuard(user: geteuid(), group: getegid()) }

    /// Whether what is in danger is no task at all.
    package var refuses: Bool { user == 0 }

    /// What is wrong with one file or folder, to be read after its name; `nil` when it is safe.
    func danger(_ status: stat) -> String? {
        let mode = status.st_mode
        if mode & 0o002 != 0 { return "may be written by every user" }
        if mode & 0o020 != 0, status.st_gid != 0, status.st_gid != group { return "may be written by the group \(AccountName.group(status.st_gid))" }
        if status.st_uid != 0, status.st_uid != user { return "belongs to user \(AccountName.user(status.st_uid))" }
        return nil
    }

    /// The same of a path; nothing is wrong with one that is not there.
    func danger(of path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return danger(status)
    }

    /// What is wrong with a project's folder. Where everybody may make files, as in /tmp, the sticky bit keeps them from
    /// replacing those of others.
    func danger(ofProject folder: String) -> String? {
        var status = stat()
        guard stat(folder, &status) == 0 else { return nil }
        if status.st_mode & 0o1000 != 0 { status.st_mode &= ~0o022 }
        return danger(status)
    }

    /// What is wrong with the folder that a link to a program leads to; nothing is wrong with a file that is no link.
    func danger(behindLink path: String) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return nil }
        let descriptor = open(path, Self.place | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard let folder = Self.realFolder(descriptor), let danger = danger(of: folder) else { return nil }
        return "is a link to a file in \(folder), which \(danger)"
    }

    /// What is wrong with a program just before it is run, folders included: the name of the file or folder, and the
    /// danger; `nil` when it is safe.
    ///
    /// Looks at the open file, so that it is one file that is judged; and since nobody else may write the folders it is
    /// reached through, it is that file that is run. Costs some ten microseconds.
    ///
    /// - Parameters:
    ///   - path: Absolute.
    ///   - project: The project's folder, absolute; what stands above it is not looked at.
    ///
    /// The corresponding C functions are `open` with `O_PATH`, and `fstat`.
    package func danger(ofProgram path: String, in project: String) -> String? {
        let descriptor = open(path, Self.place | O_CLOEXEC)
        // Whoever runs it says why that is not possible.
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        let root = project.hasSuffix("/") ? String(project.dropLast()) : project
        func shown(_ path: String) -> String { path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : path }
        if let danger = danger(status) { return "\(shown(path)) \(danger)" }
        let folders = [Self.realFolder(descriptor), Self.realPath(ofFolder: Self.folder(of: path))].compactMap { $0 }
        for (index, folder) in folders.enumerated() where index == 0 || folder != folders[0] {
            var place = folder
            while place != root {
                if let danger = danger(of: place) { return "\(shown(place)) \(danger)" }
                // Of what a link leads to, elsewhere, the folder itself counts.
                guard place.hasPrefix(root + "/") else { break }
                place = Self.folder(of: place)
            }
        }
        return danger(ofProject: root.isEmpty ? "/" : root).map { "the project's folder \($0)" }
    }

    /// Opens a file only to look at it: O_PATH of fcntl.h, which the headers hold back.
    private static let place: Int32 = 0o10000000

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    private static func realPath(ofFolder path: String) -> String? {
        let descriptor = open(path, place | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return realPath(descriptor)
    }

    /// The folder in which an open file stands, however it was reached.
    private static func realFolder(_ descriptor: Int32) -> String? { realPath(descriptor).map(folder) }

    /// The corresponding C function is `readlink`.
    private static func realPath(_ descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/fd/\(descriptor)", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
