import CeleryCore

/// A message whose fields are being read one after another.
///
/// Only `task` and `id` are required. A field of the wrong type is an error, except for those that are only displayed.
struct TaskFields {
    var message: Message
    var naiveZone: NaiveZone
    /// Headers without a field.
    private var custom: [(key: String, value: JSON)] = []

    init(body: MessageBody, naiveZone: NaiveZone) {
        message = Message(id: TaskID(""), task: "", body: body)
        self.naiveZone = naiveZone
    }

    mutating func takeProperties(of wire: WireMessage, queue: String?) {
        let properties = wire.properties
        message.priority = properties.priority
        message.replyTo = properties.replyTo
        message.correlationID = properties.correlationID
        // A sender that sets no delivery mode does not mean that the message may be lost.
        message.isPersistent = properties.deliveryMode != 1
        message.route =
            wire.exchange.isEmpty
            ? Route(queue: queue ?? wire.routingKey)
            : Route(queue: queue ?? Route.defaultQueue, exchange: wire.exchange, routingKey: wire.routingKey)
    }

    /// Reads one header, or one member of a body of protocol 1.
    mutating func take(_ name: String, _ value: JSON) throws(MalformedMessage) {
        switch name {
        case "task": message.task = value.stringValue ?? ""
        case "id": message.id = TaskID(try text(name, value) ?? "")
        case "shadow": message.shadow = value.stringValue
        case "eta": message.eta = try time(name, value)
        case "expires": message.expires = try time(name, value)
        case "group": message.groupID = try text(name, value)
        case "group_index": message.groupIndex = try integer(name, value)
        case "retries": message.retries = try count(name, value) ?? 0
        case "timelimit": try takeTimeLimits(value)
        case "root_id": message.rootID = try text(name, value).map(TaskID.init)
        case "parent_id": message.parentID = try text(name, value).map(TaskID.init)
        case "argsrepr": message.argsRepr = value.stringValue
        case "kwargsrepr": message.kwargsRepr = value.stringValue
        case "origin": message.origin = value.stringValue
        case "ignore_result": message.ignoreResult = try flag(name, value)
        case "compression": break
        default:
            if !HeaderName.isDefault(name, value) { custom.append((name, value)) }
        }
    }

    mutating func finish() throws(MalformedMessage) -> Message {
        guard !message.task.isEmpty else { throw MalformedMessage(.missingTask, "the task header is not a name") }
        guard !message.id.text.isEmpty else {
            throw MalformedMessage(.missingID, "a message for \(message.task) has no id")
        }
        // Headers are unique.
        message.headers = JSONObject(distinct: custom)
        return message
    }
}

// MARK: Values

extension TaskFields {
    private mutating func takeTimeLimits(_ value: JSON) throws(MalformedMessage) {
        if value.isNull { return }
        guard let limits = value.arrayValue, limits.count == 2 else { throw invalid("timelimit", value) }
        message.hardTimeLimit = try number("timelimit", limits[0])
        message.softTimeLimit = try number("timelimit", limits[1])
    }

    /// Python accepts a number as id.
    private func text(_ name: String, _ value: JSON) throws(MalformedMessage) -> String? {
        switch value {
        case .null: nil
        case .string(let text): text
        case .int(let number): String(number)
        case .bigInteger(let digits): digits
        default: throw invalid(name, value)
        }
    }

    private func integer(_ name: String, _ value: JSON) throws(MalformedMessage) -> Int? {
        if value.isNull { return nil }
        guard let number = value.intValue ?? value.doubleValue.flatMap(Int.init(exactly:)) else {
            throw invalid(name, value)
        }
        return number
    }

    /// A count. Implausibly large numbers are refused, because arithmetic with them would overflow.
    private func count(_ name: String, _ value: JSON) throws(MalformedMessage) -> Int? {
        guard let number = try integer(name, value) else { return nil }
        guard (0...Int(Int32.max)).contains(number) else { throw invalid(name, value) }
        return number
    }

    private func number(_ name: String, _ value: JSON) throws(MalformedMessage) -> Double? {
        if value.isNull { return nil }
        guard let number = value.doubleValue, number.isFinite else { throw invalid(name, value) }
        return number
    }

    private func flag(_ name: String, _ value: JSON) throws(MalformedMessage) -> Bool? {
        switch value {
        case .null: nil
        case .bool(let flag): flag
        case .int(let number): number != 0
        default: throw invalid(name, value)
        }
    }

    private func time(_ name: String, _ value: JSON) throws(MalformedMessage) -> Timestamp? {
        if value.isNull { return nil }
        guard let text = value.stringValue, let time = ISO8601.timestamp(text, naiveZone: naiveZone) else {
            throw invalid(name, value)
        }
        return time
    }

    private func invalid(_ name: String, _ value: JSON) -> MalformedMessage {
        MalformedMessage(.invalidField, "invalid \(name) value: \(PythonRepr.text(of: value, limit: 64))")
    }
}
