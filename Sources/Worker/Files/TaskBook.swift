import CeleryCore
import Tasks

/// A worker's registry of tasks, whose files may change while it works, and whose time limits an operator can change.
final class TaskBook {
    private(set) var tasks: TaskRegistry
    /// The task files; `nil` if the worker does not follow them.
    private(set) var files: TaskFiles?
    /// Whether any task has a rate or a concurrency limit.
    private(set) var hasLimits = false
    /// Rings when the task files may have changed, or were looked at on behalf of a message.
    let bell = Bell()

    private struct TimeLimits {
        var soft: Duration?
        var hard: Duration?
    }

    /// What operators have set, by task; kept when the file of the task changes.
    private var timeLimits: [String: TimeLimits] = [:]
    /// The names of tasks whose files have changed since `takeNews`.
    private var news: Set<String> = []
    private let log: TaskLog

    init(_ tasks: TaskRegistry, _ files: TaskFiles?, _ log: TaskLog) {
        self.tasks = tasks
        self.files = files
        self.log = log
        noteLimits()
    }

    subscript(name: String) -> TaskDefinition? { tasks[name] }

    /// Changes the time limits of a task until this worker ends.
    ///
    /// - Returns: Whether a task with this name exists.
    func setTimeLimits(of name: String, soft: Duration?, hard: Duration?) -> Bool {
        let limits = TimeLimits(soft: soft, hard: hard)
        guard apply(limits, to: name) else { return false }
        timeLimits[name] = limits
        return true
    }

    private func apply(_ limits: TimeLimits, to name: String) -> Bool {
        tasks.change(name) { options in
            options.softTimeLimit = limits.soft
            options.timeLimit = limits.hard
        }
    }

    private func noteLimits() {
        hasLimits = tasks.sorted.contains { $0.terms.rateLimit != nil || $0.terms.concurrency != nil }
    }

    // MARK: Files

    /// Looks at the task files again, if the worker follows them, and logs what has changed.
    func look(now: Timestamp) {
        guard let changes = files?.look(now: now) else { return }
        log.filesChanged(changes)
        guard !changes.isEmpty, let registry = files?.registry else { return }
        tasks = registry
        for (name, limits) in timeLimits { _ = apply(limits, to: name) }
        noteLimits()
        news.formUnion((changes.added + changes.changed + changes.removed).map(\.name))
    }

    /// The names of tasks that have changed since the last call.
    func takeNews() -> Set<String> {
        defer { news = [] }
        return news
    }
}
