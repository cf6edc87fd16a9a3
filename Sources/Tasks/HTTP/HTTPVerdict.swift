package import CeleryCore

/// What an answer means for the call.
package enum HTTPVerdict: Sendable, Equatable {
    /// The task has succeeded.
    case success(JSON)
    /// The task has failed; another try would be no use, unless its options say so.
    case failure(TaskFailure)
    /// The task shall be tried again, as its options say or after as many seconds as the server asks; without tries left it fails.
    case retry(TaskFailure, after: Double?)
    /// The server has accepted the call, and its result will be at this address.
    case pending(HTTPAddress, after: Double?)
}

extension TaskFailure {
    /// The module of the failures of HTTP tasks, that of Celery 1.0 to 2.x.
    static let httpModule = "celery.task.http"

    /// A server refused a call, or could not carry it out.
    package static func http(status: Int, _ text: String) -> TaskFailure {
        TaskFailure(type: "HTTPError", arguments: [.int(Int64(status)), .string(text)], module: httpModule)
    }

    /// An answer in another form than was agreed.
    package static func invalidResponse(_ text: String) -> TaskFailure {
        TaskFailure(type: "InvalidResponseError", arguments: [.string(text)], module: httpModule)
    }

    /// An answer with a status that the task does not know.
    package static func unknownStatus(_ text: String) -> TaskFailure {
        TaskFailure(type: "UnknownStatusError", arguments: [.string(text)], module: httpModule)
    }

    /// The task says itself that it has failed.
    package static func remoteExecute(_ reason: String) -> TaskFailure {
        TaskFailure(type: "RemoteExecuteError", arguments: [.string(reason)], module: httpModule)
    }
}
