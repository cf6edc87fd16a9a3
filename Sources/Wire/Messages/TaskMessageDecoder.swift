package import CeleryCore

/// Decodes messages from the wire format.
///
/// The body of protocol 2 is not read, except for its first byte: the headers contain what admission needs. Faults of a body are
/// found only by `BodyCodec`, where the task runs; see `MalformedMessage.Reason.stage`.
package struct TaskMessageDecoder: Sendable {
    /// The zone of times without an offset.
    package var naiveZone: NaiveZone
    /// Limit of a decompressed body of protocol 1, in bytes.
    package var bodyLimit: Int
    /// Limit of an id in bytes: the id becomes the correlation id of answers, whose length AMQP limits. `nil` for messages that
    /// never leave this machine.
    package var idLimit: Int? = 255

    package init(naiveZone: NaiveZone = .utc, bodyLimit: Int = BodyCodec.defaultLimit) {
        self.naiveZone = naiveZone
        self.bodyLimit = bodyLimit
    }

    /// Decodes a task message of either protocol.
    ///
    /// A header `task` means protocol 2; otherwise a body with `task` means protocol 1.
    ///
    /// - Parameter queue: The queue it was taken from, if known.
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
                .invalidField, "the id of a message for \(message.task) has \(length) bytes; the limit is \(idLimit)")
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
        // Without `"utc": false`, the sender's times are UTC.
        if object["utc"] != false { fields.naiveZone = .utc }
        try take(object, into: &fields)
    }

    /// Reads headers of protocol 2 with a body of protocol 1: the body's fields take precedence.
    private func takeHybrid(_ body: MessageBody, into fields: inout TaskFields) throws(MalformedMessage) {
        guard let object = try BodyCodec.json(of: body, limit: bodyLimit).objectValue,
            object["args"] != nil || object["task"] != nil
        else { throw MalformedMessage(.bodyShape, "the body is not an array of args, kwargs and embed") }
        try take(object, into: &fields)
    }

    private func take(_ object: JSONObject, into fields: inout TaskFields) throws(MalformedMessage) {
        for (name, value) in object.members where !ProtocolOne.isArgument(name) && !value.isNull {
            // Both name the group; `taskset` takes precedence.
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
