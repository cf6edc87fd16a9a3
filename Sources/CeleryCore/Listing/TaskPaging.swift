/// A part of a list of tasks, newest first.
package struct TaskPart: Sendable {
    package var tasks: [ListedTask]
    /// Where the next part begins: it has the tasks before this position. `nil` at the end of the list.
    package var next: Int64?

    package init(_ tasks: [ListedTask], next: Int64?) { (self.tasks, self.next) = (tasks, next) }
}

/// Listing tasks part by part in bounded time: for whoever waits for a page. A broker lists tasks that wait, a result store those
/// with a result.
package protocol TaskPaging: Sendable {
    /// Selected tasks before a position. Ends when it has found `limit` tasks or when its time is over, however few it has found
    /// by then; `next` is where to go on.
    ///
    /// - Parameter position: `nil` begins with the newest.
    func taskPart(_ filter: TaskFilter, before position: Int64?, limit: Int, within time: Duration) async throws -> TaskPart
}
