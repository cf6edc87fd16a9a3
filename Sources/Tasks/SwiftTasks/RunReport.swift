package import CeleryCore

/// The result of one run of a Swift task, before retries are decided.
package enum RunReport: Sendable, Equatable {
    case success(JSON)
    case failure(TaskFailure, traceback: String)
    /// The task requests a retry, which may be refused.
    ///
    /// `delay` is `nil` for the delay in the task's options; `cause` becomes the failure if no retries are left.
    case retry(delay: Duration?, cause: TaskFailure?)
}
