import CeleryCore
import Glibc
import Tasks

/// Notices changes of the settings file, the tasks folders and the tasks in them, by looking at them now and then.
///
/// A change counts once it has stood still from one look to the next: a file that is being written is not read
/// half-way.
struct ProjectWatch {
    private var taken: [String: Mark?]
    private var seen: [String: Mark?]?

    /// What tells one state of a file from another.
    private struct Mark: Equatable {
        var device: UInt64
        var number: UInt64
        var size: Int64
        var mode: UInt32
        var seconds: Int
        var nanoseconds: Int

        /// - Returns: `nil` when the file is not there, or out of reach. The corresponding C function is `stat`.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = UInt64(status.st_dev)
            number = UInt64(status.st_ino)
            size = Int64(status.st_size)
            mode = UInt32(status.st_mode)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    /// Takes these files as they are now.
    init(_ paths: Set<String>) { taken = Self.marks(paths) }

    /// The files a project is made of: those that are there, and those that would make a difference.
    static func paths(_ settings: Settings, _ registry: TaskRegistry, _ problems: [TaskProblem]) -> Set<String> {
        let project = settings.projectFolder.hasSuffix("/") ? settings.projectFolder : settings.projectFolder + "/"
        var paths: Set = [settings.file ?? project + "celery.toml"]
        for app in settings.installedApps {
            let folder = project + app.split(separator: ".").joined(separator: "/")
            paths.formUnion([folder, folder + "/tasks"])
        }
        for problem in problems { paths.insert(project + problem.file) }
        for task in registry.sorted {
            guard case .program(let path) = task.kind else { continue }
            paths.insert(path)
            if let slash = path.lastIndex(of: "/") { paths.insert(String(path[..<slash])) }
        }
        return paths
    }

    /// Looks. Whether something has changed, and stands still.
    mutating func isChanged() -> Bool {
        let now = Self.marks(taken.keys)
        defer { seen = now }
        return now != taken && now == seen
    }

    /// Takes the files as they are now, before they are read.
    mutating func take() {
        taken = Self.marks(taken.keys)
        seen = nil
    }

    /// Watches these from now on; those watched before keep how they were taken.
    mutating func follow(_ paths: Set<String>) {
        taken = Self.marks(paths).merging(taken.filter { paths.contains($0.key) }) { $1 }
    }

    private static func marks(_ paths: some Sequence<String>) -> [String: Mark?] {
        Dictionary(paths.map { ($0, Mark($0)) }) { $1 }
    }
}
