import CeleryCore

/// What a worker knows of its task files from one look to the next. Files are named by their paths below the project folder.
struct TaskFileMemory: Sendable {
    /// What was read in a file.
    struct Reading: Sendable {
        /// `nil` if the file cannot be a task, because of its option lines.
        let options: TaskOptions?
        /// Problems of its option lines.
        let problems: [TaskProblem]
    }

    /// The states in which files with execute permission came to rest.
    private(set) var marks: [String: FileMark] = [:]
    /// What was read in them since.
    private(set) var readings: [String: Reading] = [:]
    /// The tasks that the last look accepted, by file.
    private(set) var tasks: [String: TaskDefinition] = [:]
    /// The files that are changing.
    private(set) var rest: FileRest
    /// The files that the current look has met.
    private var met: Set<String> = []
    /// In the first look, files count as they are: there is nothing to keep.
    private var isFirst = true

    init(now: Timestamp) { rest = FileRest(now: now) }

    /// Begins another look.
    mutating func begin(now: Timestamp) {
        rest.now = now
        met = []
        isFirst = false
    }

    /// Notes that a look has met a file that is, was or may become a task.
    ///
    /// - Returns: Whether the file is at rest. If not, it counts as it was.
    mutating func isAtRest(_ path: String, _ mark: FileMark, name: String) -> Bool {
        met.insert(path)
        if marks[path] == mark {
            rest.forget(path)
            return true
        }
        guard isFirst || rest.hasSettled(path, mark, name: name) else { return false }
        marks[path] = mark
        readings[path] = nil
        return true
    }

    mutating func note(_ reading: Reading, of path: String) { readings[path] = reading }

    /// Forgets a file: it is gone, or has lost its execute permission.
    mutating func forget(_ path: String) { (marks[path], readings[path]) = (nil, nil) }

    /// The tasks whose files the current look has not met, but which have not been away for long.
    mutating func justMissed() -> [TaskDefinition] {
        var missed: [TaskDefinition] = []
        for (path, task) in tasks where !met.contains(path) {
            if rest.hasSettled(path, nil, name: nil) { forget(path) } else { missed.append(task) }
        }
        return missed
    }

    /// Ends a look that has accepted these tasks.
    mutating func end(with accepted: [TaskDefinition]) {
        let known = met.union(tasks.keys)
        rest.keep { known.contains($0) }
        for path in marks.keys where !known.contains(path) { forget(path) }
        tasks = Dictionary(accepted.map { ($0.source, $0) }) { $1 }
    }
}
