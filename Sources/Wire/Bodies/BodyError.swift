package import CeleryCore

/// What goes wrong when the arguments of a message are read.
package enum BodyError: Error, Sendable, Equatable {
    /// Not a task's body at all: the message is rejected.
    case malformed(MalformedMessage)
    /// A body, but with arguments no task can take: the task fails with this.
    case invalidTask(TaskFailure)

    static func invalidTask(_ reason: String) -> BodyError { .invalidTask(.invalidTask(reason)) }
}
