import CeleryCore
import Tasks
import Wire

/// What a program reads on standard input: the members of Python's `self.request` under their names, and a few of our own.
///
/// Python's members that describe its own process (`called_directly`, `is_eager`, `utc`, ...) are left out.
struct ProgramRequest {
    let job: JobRequest
    let message: Message
    let arguments: TaskArguments

    /// All members.
    var members: JSONObject {
        let wire = TaskMessageEncoder.encode(message)
        let body = BodyCodec.json(arguments).arrayValue?.last
        let others: JSONObject = [
            "queue": .string(message.route.queue),
            "group": text(message.groupID), "group_index": message.groupIndex.map { .int(Int64($0)) } ?? .null,
            "headers": .object(message.headers),
            "timelimit": [limit(job.hardTimeLimit), limit(job.softTimeLimit)],
            "shadow": text(message.shadow), "origin": text(message.origin),
            "argsrepr": text(message.argsRepr), "kwargsrepr": text(message.kwargsRepr),
            "ignore_result": .bool(message.ignoreResult ?? false),
            "reply_to": text(message.replyTo), "correlation_id": text(wire.properties.correlationID),
            "stamped_headers": wire.headers["stamped_headers"] ?? .null, "stamps": wire.headers["stamps"] ?? [:],
            "replaced_task_nesting": wire.headers["replaced_task_nesting"] ?? 0,
            "callbacks": body?["callbacks"] ?? .null, "errbacks": body?["errbacks"] ?? .null,
            "chain": body?["chain"] ?? .null, "chord": body?["chord"] ?? .null,
            "delivery_info": [
                "exchange": .string(wire.exchange), "routing_key": .string(wire.routingKey),
                "priority": message.priority.map { .int(Int64($0)) } ?? .null, "redelivered": .bool(isRedelivered),
            ],
            "properties": .object(properties(wire.properties)),
        ]
        return JSONObject(distinct: outward.members + others.members)
    }

    /// The members that a server may see as well: without other headers, queues and workflows, which are nobody's business outside.
    var outward: JSONObject {
        [
            "id": .string(message.id.text), "task": .string(message.task),
            "args": .array(arguments.args), "kwargs": .object(arguments.kwargs),
            "retries": .int(Int64(message.retries)), "attempt": .int(Int64(job.attempt)),
            "eta": time(message.eta), "expires": time(message.expires),
            "root_id": .string((message.rootID ?? message.id).text), "parent_id": text(message.parentID?.text),
            // Ours; Python calls it `group`.
            "group_id": text(message.groupID),
        ]
    }

    private func time(_ time: Timestamp?) -> JSON { time.map { .string(ISO8601.text($0)) } ?? .null }

    private func text(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }

    /// Whether an earlier execution of the message did not end; a retry is another message.
    private var isRedelivered: Bool { job.attempt > message.retries + 1 }

    /// The message properties that kombu shows, under its names.
    private func properties(_ properties: WireProperties) -> JSONObject {
        var shown = JSONObject()
        shown["content_type"] = properties.contentType.map(JSON.string)
        shown["content_encoding"] = properties.contentEncoding.map(JSON.string)
        shown["delivery_mode"] = properties.deliveryMode.map { .int(Int64($0)) }
        shown["priority"] = properties.priority.map { .int(Int64($0)) }
        shown["correlation_id"] = properties.correlationID.map(JSON.string)
        shown["reply_to"] = properties.replyTo.map(JSON.string)
        return shown
    }

    /// A time limit in seconds, as the worker applies it.
    private func limit(_ seconds: Double?) -> JSON { seconds.map(JSON.number) ?? .null }
}
