import CeleryCore
import Proton
import Wire

/// A message as it lies in a queue of an AMQP 1.0 server.
///
/// The body is that of Celery's protocol 2, as a section of data. Celery's headers are application properties, where servers that
/// speak several protocols find them; these can have plain values alone, so the rest is one JSON object, `celery-headers`.
///
/// A message without a header `task` is one of protocol 1, all in the body. RabbitMQ before version 4 passes nothing but body and
/// properties from one protocol to the other, so this is what goes between Python's Celery and us there.
enum AMQP10Envelope {
    /// Headers that are no plain values.
    private static let headersName = "celery-headers"
    /// Where the message was sent to, and its priority, if the section for that says something else.
    private static let exchange = "celery-exchange"
    private static let routingKey = "celery-routing-key"
    private static let priority = "celery-priority"
    private static let own: Set<String> = [headersName, exchange, routingKey, priority]

    /// What RabbitMQ puts before the queue for answers of a message that came by AMQP 0-9-1.
    private static let queuePrefix = "/queue/"

    // MARK: Writing

    /// - Parameters:
    ///   - keepsPriority: Whether the server goes by the priority; otherwise it is only written down.
    ///   - delay: The annotation that makes the server hold the message back.
    static func message(of wire: WireMessage, keepsPriority: Bool = true, delay: ProtonValue.Pair? = nil) -> ProtonMessage {
        let given = wire.properties
        var message = ProtonMessage()
        message.body = wire.body
        message.isDurable = given.deliveryMode == 2
        message.timeToLive = given.expiration.flatMap { UInt32($0) }.flatMap { $0 > 0 ? $0 : nil }
        (message.contentType, message.contentEncoding) = (given.contentType, given.contentEncoding)
        (message.correlationID, message.replyTo) = (given.correlationID, given.replyTo)
        // Python's name for it.
        message.messageID = wire.headers["id"]?.stringValue
        if let delay { message.annotations.append(delay) }
        var nested: [(key: String, value: JSON)] = []
        for (name, value) in wire.headers.members {
            if !own.contains(name), let plain = plain(value) {
                message.headers.append(ProtonValue.Pair(.string(name), plain))
            } else {
                nested.append((name, value))
            }
        }
        if !nested.isEmpty {
            let text = String(decoding: JSON.object(JSONObject(distinct: nested)).bytes(style: .python), as: UTF8.self)
            message.headers.append(ProtonValue.Pair(.string(headersName), .string(text)))
        }
        func add(_ name: String, _ value: String) { message.headers.append(ProtonValue.Pair(.string(name), .string(value))) }
        if !wire.exchange.isEmpty {
            add(exchange, wire.exchange)
            add(routingKey, wire.routingKey)
        }
        // Without one a message has 4 by the protocol, and 0 at all other brokers of Celery.
        let number = given.priority.map { min(max($0, 0), 9) }
        message.priority = UInt8(keepsPriority ? number ?? 0 : 4)
        if !keepsPriority || number != given.priority || number == nil { add(priority, given.priority.map(String.init) ?? "none") }
        return message
    }

    /// A value that every server carries; numbers that are spelled in JSON stay there.
    private static func plain(_ value: JSON) -> ProtonValue? {
        switch value {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .long(number)
        case .string(let text): .string(text)
        default: nil
        }
    }

    // MARK: Reading

    /// Reads what anybody may have written.
    ///
    /// - Throws: `MalformedMessage` if the headers or the body are not what they should be.
    static func read(_ message: ProtonMessage) throws(MalformedMessage) -> WireMessage {
        guard !message.hasForeignBody else { throw MalformedMessage(.unknownMessage, "the body is neither bytes nor text") }
        let wire = remains(of: message)
        guard let text = value(headersName, of: message) else { return wire }
        var whole = wire
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: Array(text.utf8)) } catch {
            throw MalformedMessage(.unknownMessage, "the header \(headersName) is not json: \(error)")
        }
        guard case .object(let object) = json else { throw MalformedMessage(.unknownMessage, "the header \(headersName) is not an object") }
        for (name, value) in object.members { whole.headers[name] = value }
        return whole
    }

    /// What can be read in any case.
    static func remains(of message: ProtonMessage) -> WireMessage {
        var headers = JSONObject()
        for pair in message.headers {
            guard let name = pair.key.text, !own.contains(name) else { continue }
            headers[name] = json(pair.value)
        }
        let noted = value(priority, of: message)
        let replyTo = message.replyTo.map { $0.hasPrefix(queuePrefix) ? String($0.dropFirst(queuePrefix.count)) : $0 }
        return WireMessage(
            exchange: value(exchange, of: message) ?? "", routingKey: value(routingKey, of: message) ?? "",
            properties: WireProperties(
                contentType: message.contentType, contentEncoding: message.contentEncoding, deliveryMode: message.isDurable ? 2 : 1,
                priority: noted.map { Int($0) } ?? message.priority.map(Int.init), correlationID: message.correlationID, replyTo: replyTo),
            headers: headers, body: message.body)
    }

    private static func value(_ name: String, of message: ProtonMessage) -> String? {
        message.headers.first { $0.key.text == name }?.value.text
    }

    /// Headers of other senders may have values of any kind.
    private static func json(_ value: ProtonValue) -> JSON {
        switch value {
        case .bool(let flag): .bool(flag)
        case .double(let number): number.isFinite ? .double(number) : .null
        case .string(let text), .symbol(let text): .string(text)
        case .binary(let bytes): .string(String(decoding: bytes, as: UTF8.self))
        case .list(let elements): .array(elements.map(json))
        case .map(let pairs): .object(JSONObject(pairs.compactMap { pair in pair.key.text.map { ($0, json(pair.value)) } }))
        case .described(_, let value): json(value)
        case .ulong(let number): Int64(exactly: number).map(JSON.int) ?? .bigInteger(String(number))
        default: value.integer.map(JSON.int) ?? .null
        }
    }

    /// How often the message returned to its queue, as far as the server tells: some count, others say only that it did.
    static func returns(of message: ProtonMessage) -> Int { max(message.deliveryCount, message.isFirst ? 0 : 1) }

    /// Whether a server was to hold this message back.
    static func wasDelayed(_ message: ProtonMessage) -> Bool {
        [delayUntil, delayFor].contains { message.annotation($0) != nil }
    }

    /// The annotations for that: milliseconds since 1970 (Artemis, ActiveMQ), and milliseconds (ActiveMQ).
    static let delayUntil = "x-opt-delivery-time"
    static let delayFor = "x-opt-delivery-delay"
}
