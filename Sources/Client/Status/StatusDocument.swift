public import CeleryCore
import Wire

/// What the status URL tells of a task, in the form of django-celery with added keys.
///
///     {"task": {"id": "9f…", "status": "SUCCESS", "result": 5, "attempt": 1, "progress": null}}
///
/// For RETRY, FAILURE and REVOKED, `result` is the exception in Python's form, `exc` its class, and `traceback` its traceback.
public struct StatusDocument: Sendable, Equatable {
    public let id: TaskID
    /// PENDING also stands for an id that nobody knows, as in Python.
    public let state: TaskState
    /// Whether broker or store know the task; a broker that cannot look for messages does not know of those that wait.
    public let isKnown: Bool
    /// The document.
    public let json: JSON

    /// Whether the task has ended. Its document only changes if it is sent again under its id.
    public var isFinished: Bool { state.isReady }

    /// Bytes of the longest return value that is told; of a longer one only the size, as `result_bytes`.
    public static let longestResult = 1 << 20

    /// The short form: `{"task": {"id": "9f…", "executed": true}}`, whether the task has succeeded.
    public var executed: JSON { ["task": ["id": .string(id.text), "executed": .bool(state == .success)]] }

    /// - Parameter hidesResults: Whether return values, errors and progress texts are left out.
    package init(_ status: TaskStatus, hidesResults: Bool = false) {
        id = status.id
        isKnown = status.state != .unknown
        state = status.state == .unknown ? .pending : status.state
        let result = status.result.flatMap { $0.state == status.state ? $0 : nil }
        var task: JSONObject = ["id": .string(status.id.text), "status": .string(state.name), "result": .null]
        if let result, [.retry, .failure, .revoked].contains(state) {
            Self.tell(result.failure, traceback: result.traceback, hidesResults, in: &task)
        } else if let result, !hidesResults {
            let size = result.value.isNull ? 0 : result.value.bytes().count
            if size > Self.longestResult { task["result_bytes"] = .int(Int64(size)) } else { task["result"] = result.value }
        }
        let attempt = status.result?.attempt ?? status.location?.attempt
        task["attempt"] = attempt.map { .int(Int64($0)) } ?? .null
        task["progress"] = status.progress.map { .object(Self.shown($0.info, hidesResults)) } ?? .null
        json = ["task": .object(task)]
    }

    private static func tell(_ failure: TaskFailure?, traceback: String?, _ hidesResults: Bool, in task: inout JSONObject) {
        task["exc"] = failure.map { .string($0.module.isEmpty ? $0.type : "\($0.module).\($0.type)") } ?? .null
        task["traceback"] = .null
        guard !hidesResults else { return }
        task["result"] = failure.map { .string(TaskEvent.exception($0)) } ?? .null
        task["traceback"] = traceback.map(JSON.string) ?? .null
    }

    /// Progress without its texts, where results are hidden.
    private static func shown(_ info: JSONObject, _ hidesResults: Bool) -> JSONObject {
        guard hidesResults else { return info }
        return JSONObject(info.members.filter { ["current", "total"].contains($0.key) && $0.value.doubleValue != nil }.map { ($0.key, $0.value) })
    }
}

extension Client {
    /// What the status URL of `celery web` tells of a task: for programs with a server of their own.
    ///
    ///     app.get("celery", ":id", "status") { request in
    ///         try await client.statusDocument(of: TaskID(request.parameters.get("id")!)).json.text()
    ///     }
    ///
    /// - Parameter hidesResults: Whether return values, errors and progress texts are left out.
    /// - Throws: `DriverError` if broker or store cannot be asked.
    public func statusDocument(of id: TaskID, hidingResults hidesResults: Bool = false) async throws -> StatusDocument {
        StatusDocument(try await status(of: [id])[0], hidesResults: hidesResults)
    }
}
