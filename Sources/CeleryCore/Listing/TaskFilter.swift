/// Selects tasks for a list. A property that is `nil` does not restrict the selection.
public struct TaskFilter: Sendable, Equatable {
    public var phases: Set<TaskPhase>?
    /// A shell pattern for the name of the task.
    public var task: String?
    public var queue: String?
    /// Tasks that changed at this time or later: were submitted, begun, or ended.
    public var since: Timestamp?
    /// Tasks that changed before this time.
    public var until: Timestamp?
    /// Text in the arguments, the return value or the error.
    public var text: String?
    /// What is not shown of arguments, and not searched either.
    package var redaction = Redaction()

    public init() {}

    /// Whether the filter selects every task.
    public var isOpen: Bool {
        var open = TaskFilter()
        open.redaction = redaction
        return self == open
    }

    /// Whether any of `phases` is selected.
    public func selects(any phases: Set<TaskPhase>) -> Bool { self.phases.map { !$0.isDisjoint(with: phases) } ?? true }

    /// Whether a task is selected, but for its name, which the caller has compared, and its text.
    public func selects(_ task: ListedTask) -> Bool {
        if let phases, !phases.contains(task.phase) { return false }
        if let queue, task.queue != queue { return false }
        if let since, task.changed < since { return false }
        if let until, task.changed >= until { return false }
        return true
    }
}
