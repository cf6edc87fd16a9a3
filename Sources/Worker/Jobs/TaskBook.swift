import Tasks

/// A worker's registry of tasks, whose time limits an operator can change.
final class TaskBook {
    var tasks: TaskRegistry

    init(_ tasks: TaskRegistry) { self.tasks = tasks }

    subscript(name: String) -> TaskDefinition? { tasks[name] }
}
