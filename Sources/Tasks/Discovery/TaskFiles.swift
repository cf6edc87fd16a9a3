package import CeleryCore

/// The task files of a project as a running worker sees them: looked at again and again, with their permissions.
///
///     unknown ──▶ expected ──▶ known ◀──▶ changing
///        ▲                      │            │
///        └───── vanished ◀──────┴────────────┘
///
/// A change counts when its file is at rest; see `FileRest`. Until then the task is what it was, but no message of it should
/// begin: `standing(of:)` compares the file of the task with what was read. A file whose option lines are wrong after a change
/// keeps the options that it had, and a second file with the name of a task does not replace it: whoever edits a file that
/// is in use should lose no messages to a typing mistake. A file that is gone, or may no longer be run, is no task; its name
/// has vanished, and messages wait a few seconds for it to return.
package struct TaskFiles: Sendable {
    /// The tasks of this program and of the files.
    package private(set) var registry: TaskRegistry
    /// The files that cannot be tasks, and what is doubtful about others.
    package private(set) var problems: [TaskProblem] = []
    /// What to watch in order to hear of changes.
    package private(set) var watched: Set<WatchedPath> = []

    private let apps: [String]
    private let project: String
    private let taskGuard: TaskGuard?
    private let builtIn: TaskRegistry
    private var memory: TaskFileMemory
    /// When tasks vanished, or files that would be tasks were last seen, by name.
    private var vanished: [String: Timestamp] = [:]
    /// Problems that the last looks met, with the first look that did; only those that last are reported.
    private var young: [TaskProblem: Timestamp] = [:]
    private var reported: Set<TaskProblem> = []

    /// How long the messages of a task that has vanished wait for it, in seconds.
    package static let vanishingPatience = 5.0

    /// Reads the files as they are. Blocks for about ten microseconds a file.
    ///
    /// - Parameters:
    ///   - builtIn: The tasks of this program.
    ///   - taskGuard: Checks who may change the files.
    package init(
        apps: [String], in projectFolder: String, builtIn: TaskRegistry, guardedBy taskGuard: TaskGuard?, now: Timestamp = .now
    ) {
        self.apps = apps
        project = projectFolder
        self.taskGuard = taskGuard
        self.builtIn = builtIn
        registry = builtIn
        memory = TaskFileMemory(now: now)
        read()
        reported = Set(problems)
    }

    /// Looks at the files again. Blocks for a few microseconds a file.
    ///
    /// - Returns: What counts now and did not before.
    package mutating func look(now: Timestamp) -> TaskFileChanges {
        memory.begin(now: now)
        let before = registry
        read()
        var changes = TaskFileChanges()
        for task in registry.sorted {
            guard let known = before[task.name] else {
                changes.added.append(task)
                vanished[task.name] = nil
                continue
            }
            if known.isOther(than: task) { changes.changed.append(task) }
        }
        changes.removed = before.sorted.filter { registry[$0.name] == nil }
        for task in changes.removed { vanished[task.name] = now }
        // A file that comes and goes without rest is missed from its last appearance on.
        for name in memory.rest.expectedNames where registry[name] == nil { vanished[name] = now }
        // The clock may have been set back.
        vanished = vanished.mapValues { min($0, now) }.filter { now < $0.value + .seconds(Self.vanishingPatience) }
        changes.problems = lastingProblems(now)
        return changes
    }

    /// When another look may find more, even if nothing else happens to the files; `nil` if none will.
    package var nextLook: Timestamp? {
        let others = vanished.values.map { $0 + .seconds(Self.vanishingPatience) } + young.values.map { $0 + .seconds(FileRest.stillness) }
        return (others + [memory.rest.next].compactMap { $0 }).min()
    }

    /// What is known of a task name.
    package enum Standing: Sendable, Equatable {
        /// The task is as it was read, so that its messages may begin.
        case current
        /// Look again at `nextLook`: the file is changing or is expected, or has vanished a moment ago.
        case changing
        /// There is no task of this name.
        case unknown
    }

    /// What is known of a task name now. Takes a microsecond for a file, which is compared with what was read.
    package func standing(of name: String) -> Standing {
        guard let task = registry[name] else {
            return vanished[name] != nil || memory.rest.isExpected(name) ? .changing : .unknown
        }
        guard case .program(let path) = task.kind, let mark = task.fileMark else { return .current }
        return FileMark(path) == mark ? .current : .changing
    }

    private mutating func read() {
        let discovery = TaskDiscovery(apps: apps, in: project, guardedBy: taskGuard, remembering: memory)
        memory = discovery.memory ?? memory
        watched = discovery.watched
        problems = discovery.problems
        registry = builtIn
        for definition in discovery.definitions {
            do throws(AlreadyRegistered) {
                try registry.register(definition)
            } catch {
                problems.append(TaskProblem(file: definition.source, "\(error)"))
            }
        }
    }

    /// The problems that have lasted for a moment and were not reported before. A file without execute permission, for
    /// example, is usually one that gets it next.
    private mutating func lastingProblems(_ now: Timestamp) -> [TaskProblem] {
        let current = Set(problems)
        reported.formIntersection(current)
        young = young.filter { current.contains($0.key) }.mapValues { min($0, now) }
        var lasting: [TaskProblem] = []
        for problem in problems where !reported.contains(problem) {
            if let first = young[problem], first + .seconds(FileRest.stillness) <= now {
                young[problem] = nil
                reported.insert(problem)
                lasting.append(problem)
            } else if young[problem] == nil {
                young[problem] = now
            }
        }
        return lasting
    }
}

/// What has changed since the last look at the task files.
package struct TaskFileChanges: Sendable {
    package var added: [TaskDefinition] = []
    /// Tasks whose files have new contents, in their new form.
    package var changed: [TaskDefinition] = []
    package var removed: [TaskDefinition] = []
    /// Problems that were not reported before.
    package var problems: [TaskProblem] = []

    /// Whether the tasks are the same.
    package var isEmpty: Bool { added.isEmpty && changed.isEmpty && removed.isEmpty }
}

extension TaskDefinition {
    /// Whether the task has another file or other contents than this one. New permissions alone are no change.
    fileprivate func isOther(than task: TaskDefinition) -> Bool {
        task.source != source || task.fileMark?.size != fileMark?.size || task.fileMark?.modified != fileMark?.modified
            || task.options != options
    }
}
