package import CeleryCore
package import Wire

/// A message as kombu's virtual transports keep it: one JSON object with the body as text.
package struct RedisEnvelope: Sendable, Equatable {
    package var wire: WireMessage
    /// The delivery tag: the key of the message in `unacked`. It is chosen when the message is published.
    package var tag: String
    /// Whether it may have been delivered before.
    package var isRedelivered: Bool

    package init(_ wire: WireMessage, tag: String = TaskID().text, isRedelivered: Bool = false) {
        self.wire = wire
        self.tag = tag
        self.isRedelivered = isRedelivered
    }

    private static let redelivered = "redelivered"

    // MARK: Writing

    /// The object, with its members in kombu's order.
    package var bytes: [UInt8] {
        let given = wire.properties
        var headers = wire.headers
        var information: JSONObject = ["exchange": .string(wire.exchange), "routing_key": .string(wire.routingKey)]
        if isRedelivered {
            headers[Self.redelivered] = true
            information[Self.redelivered] = true
        }
        var properties: [(key: String, value: JSON)] = []
        if let id = given.correlationID { properties.append(("correlation_id", .string(id))) }
        if let address = given.replyTo { properties.append(("reply_to", .string(address))) }
        if let expiration = given.expiration { properties.append(("expiration", .string(expiration))) }
        properties.append(("delivery_mode", .int(Int64(given.deliveryMode ?? 2))))
        properties.append(("delivery_info", .object(information)))
        properties.append(("priority", .int(Int64(given.priority ?? 0))))
        properties.append(("body_encoding", "base64"))
        properties.append(("delivery_tag", .string(tag)))
        let object = JSONObject(distinct: [
            ("body", .string(Base64.encode(wire.body))),
            ("content-encoding", given.contentEncoding.map(JSON.string) ?? .null),
            ("content-type", given.contentType.map(JSON.string) ?? .null),
            ("headers", .object(headers)), ("properties", .object(JSONObject(distinct: properties))),
        ])
        return JSON.object(object).bytes(style: .python)
    }

    // MARK: Reading

    /// Reads what kombu or we have written. Anybody may have written it.
    ///
    /// - Throws: `MalformedMessage`.
    package init(_ bytes: [UInt8]) throws(MalformedMessage) {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
            throw MalformedMessage(.unknownMessage, "the message is not json: \(error)")
        }
        guard case .object(let object) = json else { throw MalformedMessage(.unknownMessage, "the message is not an object") }
        let properties = object["properties"]?.objectValue ?? [:]
        let information = properties["delivery_info"]?.objectValue ?? [:]
        var headers = object["headers"]?.objectValue ?? [:]
        tag = properties["delivery_tag"]?.stringValue ?? ""
        isRedelivered = headers[Self.redelivered] == true || information[Self.redelivered] == true
        headers[Self.redelivered] = nil
        wire = WireMessage(
            exchange: information["exchange"]?.stringValue ?? "", routingKey: information["routing_key"]?.stringValue ?? "",
            properties: WireProperties(
                contentType: object["content-type"]?.stringValue, contentEncoding: object["content-encoding"]?.stringValue,
                deliveryMode: properties["delivery_mode"]?.intValue, priority: properties["priority"]?.intValue,
                correlationID: properties["correlation_id"]?.stringValue, replyTo: properties["reply_to"]?.stringValue),
            headers: headers, body: try Self.body(object["body"], properties["body_encoding"]))
    }

    private static func body(_ body: JSON?, _ encoding: JSON?) throws(MalformedMessage) -> [UInt8] {
        guard let text = body?.stringValue else { throw MalformedMessage(.unknownMessage, "the message has no body") }
        switch encoding?.stringValue?.lowercased() {
        case "base64":
            guard let bytes = Base64.decode(text) else { throw MalformedMessage(.unknownMessage, "the body is not base64") }
            return bytes
        case nil, "utf-8", "utf8": return Array(text.utf8)
        case let other?: throw MalformedMessage(.unknownMessage, "the encoding of the body is '\(other.forLog)', not base64")
        }
    }

    /// The text of a held message, marked as one that may have been delivered before; `nil` if it cannot be read.
    ///
    /// All else stays as it is, whoever wrote it.
    ///
    /// - Parameter held: `[message, exchange, routing key]`, as held messages are kept.
    package static func redelivering(_ held: [UInt8]) -> [UInt8]? {
        guard case .array(let parts)? = try? JSON(parsing: held), case .object(var object)? = parts.first else { return nil }
        if var headers = object["headers"]?.objectValue {
            headers[redelivered] = true
            object["headers"] = .object(headers)
        }
        if var properties = object["properties"]?.objectValue, var information = properties["delivery_info"]?.objectValue {
            information[redelivered] = true
            properties["delivery_info"] = .object(information)
            object["properties"] = .object(properties)
        }
        return JSON.object(object).bytes(style: .python)
    }
}
