import CeleryCore
import Foundation
import GRDB
import Wire

/// A message as its row keeps it: the headers of protocol 2 as JSON, the properties
/// only where they are not the usual ones, and the body as it came.
struct StoredMessage: Sendable {
    var headers: Data
    var properties: Data?
    var body: Data
    var queue: String

    init(_ message: Message) {
        let wire = TaskMessageEncoder.encode(message)
        headers = Data(JSON.object(wire.headers).bytes(style: .compact))
        properties = Self.encode(wire.properties, message.route).map { Data(JSON.object($0).bytes(style: .compact)) }
        body = Data(wire.body)
        queue = message.route.queue
    }

    /// From columns 1 to 4: headers, properties, body, queue.
    init(row: Row) throws {
        headers = row[1]
        properties = row[2]
        body = row[3]
        queue = row[4]
    }

    /// - Throws: `MalformedMessage` and `JSONError`, for a row that no task can be made of.
    func message() throws -> Message {
        let members = try JSON(parsing: [UInt8](headers)).objectValue ?? [:]
        let extra = try properties.map { try JSON(parsing: [UInt8]($0)).objectValue ?? [:] } ?? [:]
        var wire = WireMessage(
            exchange: extra["exchange"]?.stringValue ?? "", routingKey: extra["routing_key"]?.stringValue ?? queue,
            properties: Self.decode(extra), headers: members, body: [UInt8](body))
        wire.properties.correlationID = wire.properties.correlationID ?? members["id"]?.stringValue
        var message = try TaskMessageDecoder.decode(wire)
        message.route = Route(
            queue: queue, exchange: extra["exchange"]?.stringValue, routingKey: extra["routing_key"]?.stringValue)
        return message
    }

    private static func encode(_ properties: WireProperties, _ route: Route) -> JSONObject? {
        var object = JSONObject()
        if properties.contentType != "application/json" { object["content_type"] = properties.contentType.map(JSON.string) ?? .null }
        if properties.contentEncoding != "utf-8" { object["content_encoding"] = properties.contentEncoding.map(JSON.string) ?? .null }
        if let priority = properties.priority, priority != 0 { object["priority"] = .int(Int64(priority)) }
        if let replyTo = properties.replyTo { object["reply_to"] = .string(replyTo) }
        if properties.deliveryMode == 1 { object["delivery_mode"] = 1 }
        if let exchange = route.exchange { object["exchange"] = .string(exchange) }
        if let routingKey = route.routingKey { object["routing_key"] = .string(routingKey) }
        return object.isEmpty ? nil : object
    }

    private static func decode(_ object: JSONObject) -> WireProperties {
        var properties = WireProperties()
        properties.contentType = object["content_type"].map(\.stringValue) ?? "application/json"
        properties.contentEncoding = object["content_encoding"].map(\.stringValue) ?? "utf-8"
        properties.priority = object["priority"]?.intValue
        properties.replyTo = object["reply_to"]?.stringValue
        properties.deliveryMode = object["delivery_mode"]?.intValue ?? 2
        return properties
    }
}
