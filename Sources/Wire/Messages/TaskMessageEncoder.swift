package import CeleryCore

/// Encodes messages into the wire format.
package enum TaskMessageEncoder {
    /// RabbitMQ closes the channel for a longer expiration: ten years, in milliseconds.
    private static let longestExpiration = 315_360_000_000.0

    /// Encodes protocol 2: headers and properties contain everything but the arguments (sections 2.1 and 2.2).
    ///
    /// The body is passed on unchanged. Headers that came with the message keep their values.
    ///
    /// - Parameter now: Time of sending, from which the expiration is counted.
    package static func encode(_ message: Message, now: Timestamp = .now) -> WireMessage {
        WireMessage(
            exchange: message.route.exchange ?? "",
            routingKey: message.route.routingKey ?? message.route.queue,
            properties: properties(of: message, now: now), headers: headers(of: message), body: message.body.bytes)
    }

    static func properties(of message: Message, now: Timestamp) -> WireProperties {
        WireProperties(
            contentType: message.body.contentType, contentEncoding: message.body.contentEncoding,
            deliveryMode: message.isPersistent ? 2 : 1,
            // AMQP uses one byte.
            priority: message.priority.map { min(max($0, 0), 255) },
            correlationID: message.correlationID ?? message.id.text, replyTo: message.replyTo,
            expiration: message.expires.flatMap { expiration(at: $0, now: now) })
    }

    /// Whole milliseconds from `now`; `nil` when beyond the limit.
    private static func expiration(at expires: Timestamp, now: Timestamp) -> String? {
        let milliseconds = ((expires.seconds - now.seconds) * 1_000).rounded(.down)
        guard milliseconds <= longestExpiration else { return nil }
        return String(Int64(max(0, milliseconds)))
    }

    private static func headers(of message: Message) -> JSONObject {
        let custom = message.headers
        var members: [(key: String, value: JSON)] = []
        members.reserveCapacity(20 + custom.count)
        members.append(("lang", custom["lang"] ?? "py"))
        members.append(("task", .string(message.task)))
        members.append(("id", .string(message.id.text)))
        members.append(("shadow", text(message.shadow)))
        members.append(("eta", time(message.eta)))
        members.append(("expires", time(message.expires)))
        members.append(("group", text(message.groupID)))
        members.append(("group_index", integer(message.groupIndex)))
        members.append(("retries", .int(Int64(message.retries))))
        members.append(("timelimit", timeLimits(of: message)))
        members.append(("root_id", .string((message.rootID ?? message.id).text)))
        members.append(("parent_id", text(message.parentID?.text)))
        if let argsRepr = message.argsRepr { members.append(("argsrepr", .string(argsRepr))) }
        if let kwargsRepr = message.kwargsRepr { members.append(("kwargsrepr", .string(kwargsRepr))) }
        members.append(("origin", text(message.origin)))
        members.append(("ignore_result", message.ignoreResult.map(JSON.bool) ?? .null))
        members.append(("replaced_task_nesting", custom["replaced_task_nesting"] ?? 0))
        members.append(("stamped_headers", custom["stamped_headers"] ?? .null))
        members.append(("stamps", custom["stamps"] ?? [:]))
        for member in custom.members where !HeaderName.isReserved(member.key) { members.append(member) }
        if let compression = message.body.compression { members.append(("compression", .string(compression))) }
        return JSONObject(distinct: members)
    }

    static func timeLimits(of message: Message) -> JSON {
        [message.hardTimeLimit.map(JSON.number) ?? .null, message.softTimeLimit.map(JSON.number) ?? .null]
    }

    static func time(_ time: Timestamp?) -> JSON { time.map { .string(ISO8601.text($0)) } ?? .null }
    static func text(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
    static func integer(_ number: Int?) -> JSON { number.map { .int(Int64($0)) } ?? .null }
}
