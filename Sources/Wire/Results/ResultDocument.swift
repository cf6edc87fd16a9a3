package import CeleryCore

/// A result as the JSON document of Celery's stores and rpc replies (`rpc-result-*` and `db-*` in `Tests/Golden`).
package struct ResultDocument: Sendable, Equatable {
    package var result: TaskResult
    /// The arguments of the task; only in extended results.
    package var args: JSON?
    package var kwargs: JSON?

    package init(_ result: TaskResult, args: JSON? = nil, kwargs: JSON? = nil) {
        self.result = result
        self.args = args
        self.kwargs = kwargs
    }

    /// The document, with keys in Python's order and `task_id` last.
    ///
    /// - Parameter extended: Whether to include task, arguments, worker, retries and queue, as Celery does with
    ///   `result_extended`.
    package func json(extended: Bool = false) -> JSON {
        var members: [(key: String, value: JSON)] = [
            ("status", .string(result.state.name)),
            ("result", Self.value(of: result)),
            ("traceback", result.traceback.map(JSON.string) ?? .null),
            ("children", .array(result.children)),
            ("date_done", result.dateDone.map { .string(ISO8601.text($0)) } ?? .null),
        ]
        if let groupID = result.groupID { members.append(("group_id", .string(groupID))) }
        if let parentID = result.parentID { members.append(("parent_id", .string(parentID.text))) }
        if extended {
            members.append(("name", result.task.map(JSON.string) ?? .null))
            members.append(("args", args ?? .null))
            members.append(("kwargs", kwargs ?? .null))
            members.append(("worker", result.worker.map(JSON.string) ?? .null))
            members.append(("retries", .int(Int64(result.retries))))
            members.append(("queue", result.queue.map(JSON.string) ?? .null))
        }
        members.append(("task_id", .string(result.id.text)))
        return .object(JSONObject(distinct: members))
    }

    /// The member `result`: the value, or the exception in its three parts.
    package static func value(of result: TaskResult) -> JSON {
        guard result.state.isException else { return result.value }
        // Python raises another error unless all three parts are present.
        let failure = result.failure ?? TaskFailure(
            type: "Exception", arguments: result.value.isNull ? [] : [result.value], module: "builtins")
        return [
            "exc_type": .string(failure.type), "exc_message": .array(failure.arguments),
            "exc_module": .string(failure.module),
        ]
    }
}

// MARK: Reading

extension ResultDocument {
    /// Parses a document.
    ///
    /// - Parameter id: The task id, for documents without one.
    /// - Throws: `.notAResult` without a status or an id.
    package init(_ document: JSON, id: TaskID? = nil) throws(MalformedMessage) {
        guard let object = document.objectValue, let status = object["status"]?.stringValue else {
            throw MalformedMessage(.notAResult, "the result document has no status")
        }
        guard let id = object["task_id"]?.stringValue.map(TaskID.init) ?? id else {
            throw MalformedMessage(.notAResult, "the result document has no task_id")
        }
        var result = TaskResult(id: id, state: TaskState(name: status))
        (result.value, result.failure) = Self.outcome(object["result"] ?? .null, state: result.state)
        result.traceback = object["traceback"]?.stringValue
        result.children = object["children"]?.arrayValue ?? []
        // Before 5.4 these times were UTC without an offset.
        result.dateDone = object["date_done"]?.stringValue.flatMap { ISO8601.timestamp($0) }
        result.groupID = object["group_id"]?.stringValue
        result.parentID = object["parent_id"]?.stringValue.map(TaskID.init)
        result.task = object["name"]?.stringValue
        result.worker = object["worker"]?.stringValue
        result.queue = object["queue"]?.stringValue
        result.retries = object["retries"]?.intValue ?? 0
        self.init(result, args: object["args"], kwargs: object["kwargs"])
    }

    /// Parses the text of a document.
    package init(parsing bytes: [UInt8], id: TaskID? = nil) throws(MalformedMessage) {
        let document: JSON
        do throws(JSONError) {
            document = try JSON(parsing: bytes)
        } catch {
            throw MalformedMessage(.notAResult, "the result document is not json: \(error)")
        }
        try self.init(document, id: id)
    }

    /// Splits the member `result` into a value and, in the states that have one, a failure.
    package static func outcome(_ value: JSON, state: TaskState) -> (value: JSON, failure: TaskFailure?) {
        guard state.isException, !value.isNull else { return (value, nil) }
        guard let type = value["exc_type"]?.stringValue else {
            // Not Celery's form, but still a reason.
            return (.null, TaskFailure(type: "Exception", arguments: [value], module: "builtins"))
        }
        let arguments: [JSON] =
            switch value["exc_message"] {
            case nil, .null: []
            case .array(let arguments): arguments
            case let single?: [single]
            }
        // Python's default when the module is missing.
        let module = value["exc_module"]?.stringValue ?? "celery.backends.base"
        return (.null, TaskFailure(type: type, arguments: arguments, module: module))
    }
}

extension TaskState {
    /// Whether the result of this state is an exception.
    package var isException: Bool { self == .failure || self == .retry || self == .revoked }
}
