package import CeleryCore

/// The type and the specific fields of a task event (`event-*` in `Tests/Golden`).
package struct TaskEvent: Sendable {
    /// `task-received`, ...
    package var type: String
    /// Fields, `uuid` first.
    package var details: JSONObject

    private init(_ type: String, of id: TaskID, _ details: [(key: String, value: JSON)] = []) {
        self.type = type
        self.details = JSONObject(distinct: [("uuid", .string(id.text))] + details)
    }

    /// Type and fields.
    package var parts: (type: String, details: JSONObject) { (type, details) }

    /// A client has sent the task.
    package static func sent(_ message: Message, _ redaction: Redaction) -> TaskEvent {
        var event = TaskEvent("task-sent", of: message.id)
        let request = request(of: message, redaction)
        for key in ["root_id", "parent_id", "name", "args", "kwargs", "retries", "eta", "expires"] { event.details[key] = request[key] }
        event.details["queue"] = .string(message.route.queue)
        event.details["exchange"] = .string(message.route.exchange ?? "")
        event.details["routing_key"] = .string(message.route.routingKey ?? message.route.queue)
        return event
    }

    /// A worker has taken the task. Decodes the arguments if the message does not show them.
    package static func received(_ message: Message, _ redaction: Redaction) -> TaskEvent {
        TaskEvent("task-received", of: message.id, request(of: message, redaction).members)
    }

    /// The task has started.
    package static func started(_ id: TaskID) -> TaskEvent { TaskEvent("task-started", of: id) }

    /// The task has returned a value.
    ///
    /// - Parameter runtime: Seconds.
    package static func succeeded(_ id: TaskID, _ value: JSON, runtime: Double) -> TaskEvent {
        TaskEvent("task-succeeded", of: id, [("result", .string(PythonRepr.text(of: value))), ("runtime", .double(runtime))])
    }

    /// The task has failed and is not retried.
    package static func failed(_ id: TaskID, _ failure: TaskFailure, traceback: String?) -> TaskEvent {
        TaskEvent("task-failed", of: id, errorFields(failure, traceback))
    }

    /// The task will be retried.
    package static func retried(_ id: TaskID, _ failure: TaskFailure, traceback: String?) -> TaskEvent {
        TaskEvent("task-retried", of: id, errorFields(failure, traceback))
    }

    /// The task was revoked, or has expired.
    ///
    /// - Parameter signal: The signal that killed it, if any.
    package static func revoked(_ id: TaskID, isTerminated: Bool, signal: Int? = nil, isExpired: Bool) -> TaskEvent {
        TaskEvent(
            "task-revoked", of: id,
            [
                ("terminated", .bool(isTerminated)), ("signum", signal.map { .int(Int64($0)) } ?? .null),
                ("expired", .bool(isExpired)),
            ])
    }

    /// The message was requeued or rejected before the task ended.
    package static func rejected(_ id: TaskID, isRequeued: Bool) -> TaskEvent {
        TaskEvent("task-rejected", of: id, [("requeue", .bool(isRequeued))])
    }

    private static func errorFields(_ failure: TaskFailure, _ traceback: String?) -> [(key: String, value: JSON)] {
        [("exception", .string(exception(failure))), ("traceback", .string(traceback ?? ""))]
    }

    /// An exception in Python's form: `ValueError('kaput', 7)`.
    package static func exception(_ failure: TaskFailure) -> String {
        let arguments = failure.arguments.map { PythonRepr.text(of: $0) }.joined(separator: ", ")
        return "\(failure.type)(\(arguments))"
    }

    private static func request(of message: Message, _ redaction: Redaction) -> JSONObject {
        var (args, kwargs) = (message.argsRepr.map(redaction.applied), message.kwargsRepr.map(redaction.applied))
        if redaction.leavesOutArguments {
            (args, kwargs) = (Redaction.leftOut, Redaction.leftOut)
        } else if args == nil || kwargs == nil, let arguments = try? BodyCodec.decode(message.body) {
            let texts = PythonRepr.texts(arguments, redaction)
            args = args ?? texts.args
            kwargs = kwargs ?? texts.kwargs
        }
        func time(_ time: Timestamp?) -> JSON { time.map { .string(ISO8601.text($0)) } ?? .null }
        return [
            "name": .string(message.task), "args": .string(args ?? "()"), "kwargs": .string(kwargs ?? "{}"),
            "root_id": .string((message.rootID ?? message.id).text), "parent_id": message.parentID.map { .string($0.text) } ?? .null,
            "retries": .int(Int64(message.retries)), "eta": time(message.eta), "expires": time(message.expires),
        ]
    }
}
