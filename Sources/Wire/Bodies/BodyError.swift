package import CeleryCore

/// An error in the arguments of a message.
package enum BodyError: Error, Sendable, Equatable {
    /// Not the body of a task: the message is rejected.
    case malformed(MalformedMessage)
    /// A valid body with invalid arguments: the task fails with this error.
    case invalidTask(TaskFailure)

    static func invalidTask(_ reason: String) -> BodyError { .invalidTask(.invalidTask(reason)) }
}
