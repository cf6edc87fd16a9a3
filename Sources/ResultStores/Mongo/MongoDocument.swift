import CeleryCore
import Mongo
import Wire

/// A result as a document of Python's collection `celery_taskmeta`, with what is ours in members that Python ignores.
///
/// Dates of MongoDB count milliseconds, so the exact one is ours as well; and as a result without a date would never expire, one that
/// has none is dated when it is stored.
enum MongoDocument {
    /// - Parameter now: The date of a final result that has none.
    static func document(of result: TaskResult, now: Timestamp) -> BSONDocument {
        let date = result.state.isReady ? result.dateDone ?? now : nil
        var document: BSONDocument = [
            "_id": .string(result.id.text),
            "status": .string(result.state.name),
            "result": .string(String(decoding: ResultDocument.value(of: result).bytes(style: .python), as: UTF8.self)),
            "traceback": text(result.traceback),
            "children": .array(result.children.map(MongoJSON.value)),
            "date_done": date.map { .date(milliseconds($0)) } ?? .null,
        ]
        if let group = result.groupID { document["group_id"] = .string(group) }
        if let parent = result.parentID { document["parent_id"] = .string(parent.text) }
        // With result_extended Python demands all of these.
        document["name"] = text(result.task)
        document["args"] = .null
        document["kwargs"] = .null
        document["worker"] = text(result.worker)
        document["retries"] = .int32(Int32(clamping: result.retries))
        document["queue"] = text(result.queue)
        // Ours.
        document["attempt"] = .int32(Int32(clamping: result.attempt))
        if let done = result.dateDone { document["time_done"] = .double(done.seconds) }
        if let started = result.dateStarted { document["time_started"] = .double(started.seconds) }
        if result.crashes > 0 { document["crashes"] = .int32(Int32(clamping: result.crashes)) }
        if let text = result.errorOutput { document["stderr"] = .string(text) }
        if let text = result.standardOutput { document["stdout"] = .string(text) }
        if !result.meta.isEmpty { document["meta"] = .string(String(decoding: JSON.object(result.meta).bytes(style: .python), as: UTF8.self)) }
        return document
    }

    private static func text(_ text: String?) -> BSONValue { text.map(BSONValue.string) ?? .null }

    static func milliseconds(_ time: Timestamp) -> Int64 { Int64(clamping: Int((time.seconds * 1_000).rounded(.down))) }

    /// The time of a date; `nil` for any other value.
    static func time(_ value: BSONValue?) -> Timestamp? {
        if case .date(let milliseconds)? = value { Timestamp(seconds: Double(milliseconds) / 1_000) } else { nil }
    }

    /// - Throws: `JSONError`, `MalformedMessage` or `PickleError` for a result in an unknown form.
    static func result(_ document: BSONDocument, of id: TaskID) throws -> TaskResult {
        var result = TaskResult(id: id, state: TaskState(name: document["status"]?.string ?? TaskState.pending.name))
        let value = try value(document["result"], isException: result.state.isException)
        (result.value, result.failure) = ResultDocument.outcome(value, state: result.state)
        result.traceback = document["traceback"]?.string
        result.children = (document["children"]?.array ?? []).map(MongoJSON.json)
        result.groupID = document["group_id"]?.string
        result.parentID = document["parent_id"]?.string.map { TaskID($0) }
        result.task = document["name"]?.string
        result.worker = document["worker"]?.string
        result.queue = document["queue"]?.string
        result.retries = document["retries"]?.integer ?? 0
        guard let attempt = document["attempt"]?.integer else {
            // Python's, who may also date what is not final.
            if result.state.isReady { result.dateDone = time(document["date_done"]) }
            return result
        }
        result.attempt = attempt
        result.dateDone = document["time_done"]?.number.map(Timestamp.init)
        result.dateStarted = document["time_started"]?.number.map(Timestamp.init)
        result.crashes = document["crashes"]?.integer ?? 0
        result.errorOutput = document["stderr"]?.string
        result.standardOutput = document["stdout"]?.string
        result.meta = document["meta"]?.string.flatMap { try? JSON(parsing: Array($0.utf8)).objectValue } ?? [:]
        return result
    }

    /// The member `result`: text of JSON; bytes where Python compresses, or writes pickles; the value itself where it writes BSON.
    private static func value(_ value: BSONValue?, isException: Bool) throws -> JSON {
        switch value {
        case .string(let text)?: try JSON(parsing: Array(text.utf8))
        case .binary(let bytes, _)?: try PythonValue.json(try CompressedResult.document(in: bytes), isException: isException)
        case let other?: MongoJSON.json(other)
        case nil: .null
        }
    }

    // MARK: What may replace what

    /// The condition for a document in whose place a result of an attempt may be put. Documents of Python have no attempt, and count as
    /// the first.
    static func replaceable(_ id: TaskID, byAttempt attempt: Int) -> BSONDocument {
        let open: BSONValue = ["status": ["$nin": .array(final.map(BSONValue.string))]]
        // A revocation that no worker has confirmed.
        let announced: BSONValue = ["status": .string(TaskState.revoked.name), "attempt": 0]
        let number = BSONValue.int32(Int32(clamping: attempt))
        return [
            "_id": .string(id.text), "attempt": attempt >= 1 ? ["$not": ["$gt": number]] : ["$lte": number],
            "$or": attempt >= 1 ? [open, announced] : [open],
        ]
    }

    private static let final = [TaskState.success, .failure, .revoked].map(\.name)
}
