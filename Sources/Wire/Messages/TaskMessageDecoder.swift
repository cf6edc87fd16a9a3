package import CeleryCore

/// Messages from their form on the wire.
///
/// The body of protocol 2 is not looked at, but for its first byte: what admission
/// needs is in the headers. So faults of a body come to light only in `BodyCodec`,
/// where the task runs; `MalformedMessage.Reason.stage` says which are found where.
package struct TaskMessageDecoder: Sendable {
    /// What times without an offset mean.
    package var naiveZone: NaiveZone
    /// Bytes a body of protocol 1 may have once decompressed.
    package var bodyLimit: Int
    /// Bytes an id may have: it travels on as the correlation id of answers, where AMQP has room for
    /// so much. `nil` for what never leaves this machine.
    package var idLimit: Int? = 255

    package init(naiveZone: NaiveZone = .utc, bodyLimit: Int = BodyCodec.defaultLimit) {
        self.naiveZone = naiveZone
        self.bodyLimit = bodyLimit
    }

    /// Reads a task message of either protocol.
    ///
    /// A header `task` makes it protocol 2; else a body with `task` makes it protocol 1.
    /// - Parameter queue: Where it was taken from, when that is known.
    package func decode(_ wire: WireMessage, queue: String? = nil) throws(MalformedMessage) -> Message {
        let body = MessageBody(
            bytes: wire.body, contentType: wire.properties.contentType ?? "",
            contentEncoding: wire.properties.contentEncoding,
            compression: try compression(in: wire.headers))
        try BodyFormat.check(
            contentType: wire.properties.contentType, contentEncoding: body.contentEncoding,
            compression: body.compression)

        var fields = TaskFields(body: body, naiveZone: naiveZone)
        fields.takeProperties(of: wire, queue: queue)
        for (name, value) in wire.headers.members { try fields.take(name, value) }
        if wire.headers["task"] == nil {
            try takeProtocolOne(body, into: &fields)
        } else if body.compression == nil, isObject(body.bytes) {
            try takeHybrid(body, into: &fields)
        }
        let message = try fields.finish()
        let length = message.id.text.utf8.count
        if let idLimit, length > idLimit {
            throw MalformedMessage(
                .invalidField, "the id of a message for \(message.task) has \(length) bytes; \(idLimit) are possible")
        }
        return message
    }

    private func compression(in headers: JSONObject) throws(MalformedMessage) -> String? {
        guard let value = headers["compression"], !value.isNull else { return nil }
        guard let name = value.stringValue else {
            throw MalformedMessage(.compression, "the compression header is not a text")
        }
        return name
    }

    private func takeProtocolOne(_ body: MessageBody, into fields: inout TaskFields) throws(MalformedMessage) {
        guard let object = try BodyCodec.json(of: body, limit: bodyLimit).objectValue, object["task"] != nil else {
            throw MalformedMessage(.unknownMessage, "neither a header nor the body names a task")
        }
        // Unless it says `"utc": false`, the sender's times are UTC.
        if object["utc"] != false { fields.naiveZone = .utc }
        try take(object, into: &fields)
    }

    /// Headers of protocol 2 around a body of protocol 1: the body's fields count.
    private func takeHybrid(_ body: MessageBody, into fields: inout TaskFields) throws(MalformedMessage) {
        guard let object = try BodyCodec.json(of: body, limit: bodyLimit).objectValue,
            object["args"] != nil || object["task"] != nil
        else { throw MalformedMessage(.bodyShape, "the body is not an array of args, kwargs and embed") }
        try take(object, into: &fields)
    }

    private func take(_ object: JSONObject, into fields: inout TaskFields) throws(MalformedMessage) {
        for (name, value) in object.members where !ProtocolOne.isArgument(name) && !value.isNull {
            // Both name the group, and `taskset` wins.
            if name == "group", let set = object["taskset"], !set.isNull { continue }
            let name = name == "taskset" ? "group" : name
            if HeaderName.isReserved(name) { try fields.take(name, value) }
        }
        fields.message.body = ProtocolOne.body(from: object)
    }

    private func isObject(_ bytes: [UInt8]) -> Bool {
        bytes.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{")
    }
}
