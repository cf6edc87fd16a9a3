package import CeleryCore

/// An event in the life of a task in a worker, as reported to a `TaskWatching`.
package enum TaskMoment: Sendable {
    /// The worker has received the task.
    case received(Delivery)
    /// The task does not run; the outcome says why.
    case refused(Delivery, Outcome, reason: String)
    /// The pool child with this process id has begun an attempt.
    case began(Delivery, attempt: Int, pid: Int)
    /// An attempt has ended in its child.
    case ended(Delivery, attempt: Int, JobReport)
    /// An attempt has failed together with its child and is not retried: it was killed at a limit, or lost too often.
    /// `seconds` is its run time; `nil` if it was reported as `interrupted` before and its message cannot be requeued.
    case failed(Delivery, attempt: Int, TaskFailure, seconds: Double?)
    /// An attempt was lost together with its child after a run time in seconds, and the message is requeued.
    case interrupted(Delivery, attempt: Int, reason: String, seconds: Double)
}

/// A receiver of moments in the order in which they happen: the log, events, statistics.
package protocol TaskWatching: Sendable {
    /// Called synchronously by the worker: must return quickly and not block.
    func note(_ moment: TaskMoment, at time: Timestamp)

    /// The same, for a task whose options say whether its failures are for the administrators. By default, this does not matter.
    func note(_ moment: TaskMoment, at time: Timestamp, disablesErrorEmails: Bool)

    /// Called when another worker has disappeared and its messages were requeued. By default, nothing is done.
    func noteLoss(of worker: String, messages: Int, at time: Timestamp)
}

extension TaskWatching {
    package func note(_ moment: TaskMoment, at time: Timestamp, disablesErrorEmails: Bool) { note(moment, at: time) }

    package func noteLoss(of worker: String, messages: Int, at time: Timestamp) {}
}
