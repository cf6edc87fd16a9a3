import Tasks

/// The tasks of a worker. An operator may change their time limits.
final class TaskBook {
    var tasks: TaskRegistry

    init(_ tasks: TaskRegistry) { self.tasks = tasks }

    subscript(name: String) -> TaskDefinition? { tasks[name] }
}
