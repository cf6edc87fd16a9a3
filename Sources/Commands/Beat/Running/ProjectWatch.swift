import CeleryCore
import Tasks

/// Detects changes of the settings file, the tasks folders and the tasks in them by polling.
///
/// A change counts once two consecutive checks see the same state, so that a half-written file is not read.
struct ProjectWatch {
    private var taken: [String: FileMark?]
    private var seen: [String: FileMark?]?

    /// Watches these files for changes from their present state.
    init(_ paths: Set<String>) { taken = Self.marks(paths) }

    /// The files and folders that a project's tasks and settings depend on, whether they exist or not.
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

    /// Checks the files. Returns whether they have changed and then stayed the same for two checks.
    mutating func isChanged() -> Bool {
        let now = Self.marks(taken.keys)
        defer { seen = now }
        return now != taken && now == seen
    }

    /// Records the present state of the files; call it before reading them.
    mutating func take() {
        taken = Self.marks(taken.keys)
        seen = nil
    }

    /// Watches these files from now on. Files watched before keep their recorded state.
    mutating func follow(_ paths: Set<String>) {
        taken = Self.marks(paths).merging(taken.filter { paths.contains($0.key) }) { $1 }
    }

    private static func marks(_ paths: some Sequence<String>) -> [String: FileMark?] {
        Dictionary(paths.map { ($0, FileMark($0)) }) { $1 }
    }
}
