package import CeleryCore

extension EncodedMessage {
    package init(_ message: Message) {
        let wire = TaskMessageEncoder.encode(message)
        let unusual = Self.unusualProperties(of: wire, message)
        self.init(
            queue: message.route.queue, headers: JSON.object(Self.telling(wire.headers, message)).bytes(style: .python),
            properties: unusual.isEmpty ? nil : JSON.object(unusual).bytes(style: .python), body: wire.body)
    }

    /// Decodes the message.
    ///
    /// - Throws: `MalformedMessage`, or `JSONError` for malformed headers.
    package func message() throws -> Message {
        let members = try JSON(parsing: headers).objectValue ?? [:]
        let unusual = try properties.map { try JSON(parsing: $0).objectValue ?? [:] } ?? [:]
        let wire = WireMessage(
            exchange: unusual["exchange"]?.stringValue ?? "",
            routingKey: unusual["routing_key"]?.stringValue ?? queue,
            properties: WireProperties(
                contentType: unusual["content_type"].map(\.stringValue) ?? "application/json",
                contentEncoding: unusual["content_encoding"].map(\.stringValue) ?? "utf-8",
                deliveryMode: unusual["delivery_mode"]?.intValue ?? 2,
                priority: unusual["priority"]?.intValue,
                correlationID: unusual["correlation_id"]?.stringValue ?? members["id"]?.stringValue,
                replyTo: unusual["reply_to"]?.stringValue),
            headers: members, body: body)
        var decoder = TaskMessageDecoder()
        decoder.idLimit = nil
        var message = try decoder.decode(wire, queue: queue)
        message.route = Route(
            queue: queue, exchange: unusual["exchange"]?.stringValue, routingKey: unusual["routing_key"]?.stringValue)
        return message
    }

    /// The headers without those at their default values.
    private static func telling(_ headers: JSONObject, _ message: Message) -> JSONObject {
        JSONObject(
            distinct: headers.members.filter { key, value in
                switch key {
                case "lang": false
                case "retries", "replaced_task_nesting": value != 0
                case "timelimit": value != [nil, nil]
                case "stamps": value != [:]
                case "root_id": value.stringValue != message.id.text
                default: !value.isNull
                }
            })
    }

    private static func unusualProperties(of wire: WireMessage, _ message: Message) -> JSONObject {
        let properties = wire.properties
        var unusual = JSONObject()
        if properties.contentType != "application/json" { unusual["content_type"] = text(properties.contentType) }
        if properties.contentEncoding != "utf-8" { unusual["content_encoding"] = text(properties.contentEncoding) }
        if properties.deliveryMode == 1 { unusual["delivery_mode"] = 1 }
        if let priority = properties.priority, priority != 0 { unusual["priority"] = .int(Int64(priority)) }
        if properties.correlationID != message.id.text { unusual["correlation_id"] = text(properties.correlationID) }
        if let replyTo = properties.replyTo { unusual["reply_to"] = .string(replyTo) }
        if let exchange = message.route.exchange { unusual["exchange"] = .string(exchange) }
        if let routingKey = message.route.routingKey { unusual["routing_key"] = .string(routingKey) }
        return unusual
    }

    private static func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
}
