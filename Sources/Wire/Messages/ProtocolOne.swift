package import CeleryCore

/// Protocol 1 (`task-v1-*` in `Tests/Golden`): one JSON object contains everything, and there are no headers. Used by Celery
/// before version 4, and on request later.
package enum ProtocolOne {
    /// Whether a body member is part of the arguments or workflow, rather than a field of the message.
    static func isArgument(_ name: String) -> Bool {
        switch name {
        case "args", "kwargs", "callbacks", "errbacks", "chord", "chain", "utc": true
        default: false
        }
    }

    static func args(of body: JSONObject) -> JSON { body["args"] ?? [] }
    static func kwargs(of body: JSONObject) -> JSON { body["kwargs"] ?? [:] }

    /// The equivalent body of protocol 2.
    static func body(from object: JSONObject) -> MessageBody {
        let embed: JSON = [
            "callbacks": object["callbacks"] ?? .null, "errbacks": object["errbacks"] ?? .null,
            "chain": object["chain"] ?? .null, "chord": object["chord"] ?? .null,
        ]
        return MessageBody(bytes: JSON.array([args(of: object), kwargs(of: object), embed]).bytes(style: .python))
    }

    /// Encodes a message in protocol 1.
    ///
    /// Protocol 1 has no chain; the steps become callbacks, each the callback of the previous one.
    ///
    /// - Throws: The errors of `BodyCodec`.
    package static func encode(
        _ message: Message, now: Timestamp = .now, limit: Int = BodyCodec.defaultLimit
    ) throws(BodyError) -> WireMessage {
        let arguments = try BodyCodec.decode(message.body, limit: limit)
        let object = JSONObject(distinct: [
            ("task", .string(message.task)), ("id", .string(message.id.text)),
            ("args", .array(arguments.args)), ("kwargs", .object(arguments.kwargs)),
            ("group", TaskMessageEncoder.text(message.groupID)),
            ("group_index", TaskMessageEncoder.integer(message.groupIndex)),
            ("retries", .int(Int64(message.retries))), ("eta", TaskMessageEncoder.time(message.eta)),
            ("expires", TaskMessageEncoder.time(message.expires)), ("utc", true),
            ("callbacks", BodyCodec.json(callbacks(of: arguments.embed))),
            ("errbacks", BodyCodec.json(arguments.embed.errbacks)),
            ("timelimit", TaskMessageEncoder.timeLimits(of: message)),
            ("taskset", TaskMessageEncoder.text(message.groupID)),
            ("chord", arguments.embed.chord.map(SignatureCodec.json) ?? .null),
        ])
        var wire = TaskMessageEncoder.encode(message, now: now)
        wire.properties.contentEncoding = "utf-8"
        wire.headers = message.headers
        wire.body = JSON.object(object).bytes(style: .python)
        return wire
    }

    private static func callbacks(of embed: TaskArguments.Embed) -> [Signature] {
        // The last step is first; each step gets the following one as a callback.
        var following: Signature?
        for var step in embed.chain {
            if let following {
                let links = step.options["link"].map { $0.arrayValue ?? [$0] } ?? []
                step.options["link"] = .array(links + [SignatureCodec.json(following)])
            }
            following = step
        }
        return embed.callbacks + (following.map { [$0] } ?? [])
    }
}
