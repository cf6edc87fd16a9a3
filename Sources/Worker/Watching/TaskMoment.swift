package import CeleryCore

/// Something that happens to a task in a worker, as those who watch are told of it.
package enum TaskMoment: Sendable {
    /// A worker has taken it.
    case received(Delivery)
    /// It does not run, and that is its outcome.
    case refused(Delivery, Outcome, reason: String)
    /// A pool child of this process id has begun an attempt.
    case began(Delivery, attempt: Int, pid: Int)
    /// An attempt has come to its end in a child.
    case ended(Delivery, attempt: Int, JobReport)
    /// An attempt has failed with its child after so many seconds, and is not tried again: killed at its limit, or lost
    /// too often. Without seconds it was told as interrupted before, and cannot go back.
    case failed(Delivery, attempt: Int, TaskFailure, seconds: Double?)
    /// An attempt was lost with its child after so many seconds, and the task goes back to its queue.
    case interrupted(Delivery, attempt: Int, reason: String, seconds: Double)
}

/// Who is told of moments, in the order they happen: the log, events, statistics.
package protocol TaskWatching: Sendable {
    /// Called by the worker, which waits for it: it must neither block nor take long.
    func note(_ moment: TaskMoment, at time: Timestamp)
}
