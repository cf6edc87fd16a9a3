package import CeleryCore

/// What one run of a task came to, before anyone decides what follows from it.
package enum RunReport: Sendable, Equatable {
    case success(JSON)
    case failure(TaskFailure, traceback: String)
    /// It asks to be tried again; whether it may is for the worker to say.
    ///
    /// `delay` is `nil` when the task's options have it; `cause` is what it fails of without retries left.
    case retry(delay: Duration?, cause: TaskFailure?)
}
