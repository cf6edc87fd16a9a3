package import CeleryCore

/// Protocol 1 (section 3 of the wire format): one JSON object with everything in it,
/// and empty headers. Celery before 4, and those who ask for it.
package enum ProtocolOne {
    /// The members of a body that are arguments or workflow, not fields of the message.
    static func isArgument(_ name: String) -> Bool {
        switch name {
        case "args", "kwargs", "callbacks", "errbacks", "chord", "chain", "utc": true
        default: false
        }
    }

    static func args(of body: JSONObject) -> JSON { body["args"] ?? [] }
    static func kwargs(of body: JSONObject) -> JSON { body["kwargs"] ?? [:] }

    /// The body of protocol 2 that says the same.
    static func body(from object: JSONObject) -> MessageBody {
        let embed: JSON = [
            "callbacks": object["callbacks"] ?? .null, "errbacks": object["errbacks"] ?? .null,
            "chain": object["chain"] ?? .null, "chord": object["chord"] ?? .null,
        ]
        return MessageBody(bytes: JSON.array([args(of: object), kwargs(of: object), embed]).bytes(style: .python))
    }

    /// A message in the form of protocol 1.
    ///
    /// It has no chain; the steps become callbacks, each the callback of the one before it.
    /// - Throws: what `BodyCodec` finds in the body.
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
        // The last step stands first; each is linked to the step that stands after it.
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
