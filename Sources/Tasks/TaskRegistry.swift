import CeleryCore

/// The tasks that a worker can run, by name. A worker never runs anything else.
package struct TaskRegistry: Sendable {
    private var tasks: [String: TaskDefinition] = [:]

    package init() {}

    /// Adds a task.
    ///
    /// - Throws: `AlreadyRegistered`; then nothing has changed.
    package mutating func register(_ task: TaskDefinition) throws(AlreadyRegistered) {
        if let earlier = tasks[task.name] { throw AlreadyRegistered(task: task.name, source: earlier.source) }
        tasks[task.name] = task
    }

    /// Changes the options of a task.
    ///
    /// - Returns: Whether a task with this name exists.
    package mutating func change(_ name: String, _ change: (inout TaskOptions) -> Void) -> Bool {
        guard let task = tasks[name] else { return false }
        var options = task.options
        change(&options)
        tasks[name] = task.with(options)
        return true
    }

    /// The task with exactly this name.
    package subscript(name: String) -> TaskDefinition? { tasks[name] }

    package var isEmpty: Bool { tasks.isEmpty }
    package var count: Int { tasks.count }

    /// All tasks, sorted by name.
    package var sorted: [TaskDefinition] { tasks.values.sorted { $0.name < $1.name } }

    /// All names, sorted.
    package var names: [String] { tasks.keys.sorted() }

    /// The name closest to a misspelled one; `nil` if none is close.
    package func nearest(to name: String) -> String? { NearestName.suggest(name, among: names) }
}

/// Two tasks have the same name.
package struct AlreadyRegistered: Error, Sendable, Hashable, CustomStringConvertible {
    package var task: String
    /// Where the registered task is defined.
    package var source: String
    /// The wording of the original.
    package var description: String { "Task with name \(task) is already registered." }
}
