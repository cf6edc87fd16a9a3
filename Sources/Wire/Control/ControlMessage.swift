package import CeleryCore

/// A request to workers and its answers, as kombu's pidbox sends them (section 8 of the wire format).
package struct ControlMessage: Sendable, Equatable {
    package var request: ControlRequest
    /// Node names it is for; `nil` is all.
    package var destination: [String]?
    /// A pattern that names of nodes are to match, with its sort: `glob` or `pcre`.
    package var pattern: String?
    package var matcher: String?
    /// Marks the answers; `nil` when none is wanted.
    package var ticket: String?
    package var replyExchange: String?
    package var replyKey: String?
    /// Seconds since the epoch; an older request is not answered.
    package var expires: Double?
    /// The sender's logical time.
    package var clock: Int

    package init(_ request: ControlRequest, ticket: String, replyKey: String) {
        self.request = request
        self.ticket = ticket
        self.replyKey = replyKey
        replyExchange = Self.replyExchange
        clock = 1
    }

    /// A request to some workers, that is not answered unless there is a ticket.
    package init(
        _ request: ControlRequest, to workers: WorkerChoice, ticket: String? = nil, replyKey: String? = nil,
        expires: Timestamp? = nil
    ) {
        self.request = request
        destination = workers.names
        pattern = workers.pattern
        matcher = workers.matcher
        self.ticket = ticket
        self.replyKey = replyKey
        replyExchange = replyKey.map { _ in Self.replyExchange }
        self.expires = expires?.seconds
        clock = 1
    }

    /// Bytes of a request; what is longer is none.
    private static let longest = 1 << 20

    /// Later than any clock that counts messages.
    private static let latest = 1 << 53

    /// The exchange that brings requests to every worker.
    package static let exchange = "celery.pidbox"
    package static let replyExchange = "reply.celery.pidbox"

    package static func queue(of node: String) -> String { "\(node).\(exchange)" }
    package static func replyQueue(of key: String) -> String { "\(key).\(replyExchange)" }

    /// Whether it is for a worker of this name, by the rules of Python's workers: an empty list of names is none.
    ///
    /// A pattern without its sort is a glob; one of a sort that is not known, or that cannot be read, is for nobody.
    package func isFor(_ node: String) -> Bool {
        if let destination, !destination.isEmpty { return destination.contains(node) }
        guard let pattern else { return true }
        switch matcher ?? "glob" {
        case "glob": return Glob.matches(node, pattern)
        case "pcre": return NodePattern(pattern)?.matches(node) ?? false
        default: return false
        }
    }

    /// Whether it has come too late.
    package func isExpired(at now: Timestamp) -> Bool { expires.map { $0 < now.seconds } ?? false }
}

// MARK: On the wire

extension ControlMessage {
    package init(_ message: WireMessage) throws(MalformedMessage) {
        guard message.body.count <= Self.longest else {
            throw MalformedMessage(.unknownMessage, "the request has \(message.body.count) bytes")
        }
        let body: JSON
        do throws(JSONError) { body = try JSON(parsing: message.body) } catch {
            throw MalformedMessage(.bodyNotJSON, "the request is not json: \(error)")
        }
        guard let method = body["method"]?.stringValue else {
            throw MalformedMessage(.unknownMessage, "the request names no method")
        }
        request = ControlRequest(method: method, arguments: body["arguments"]?.objectValue ?? [:])
        destination = Self.names(body["destination"])
        pattern = body["pattern"]?.stringValue
        matcher = body["matcher"]?.stringValue
        ticket = body["ticket"]?.stringValue
        replyExchange = body["reply_to"]?["exchange"]?.stringValue
        replyKey = body["reply_to"]?["routing_key"]?.stringValue
        expires = message.headers["expires"]?.doubleValue.flatMap { $0 > 0 ? $0 : nil }
        // Anybody may have written it, and it is counted on from there.
        clock = min(max(0, message.headers["clock"]?.intValue ?? 0), Self.latest)
    }

    /// The names of a list. One in which there is no name is for nobody, not for all.
    private static func names(_ value: JSON?) -> [String]? {
        switch value {
        case .array(let elements)? where !elements.isEmpty:
            let names = elements.compactMap(\.stringValue)
            return names.isEmpty ? [""] : names
        case .array?: return []
        case .string(let name)?: return [name]
        default: return nil
        }
    }

    package var wire: WireMessage {
        var body: JSONObject = [
            "method": .string(request.method), "arguments": .object(request.arguments),
            "destination": destination.map { .array($0.map(JSON.string)) } ?? .null,
            "pattern": pattern.map(JSON.string) ?? .null, "matcher": matcher.map(JSON.string) ?? .null,
        ]
        if let ticket, let replyExchange, let replyKey {
            body["ticket"] = .string(ticket)
            body["reply_to"] = ["exchange": .string(replyExchange), "routing_key": .string(replyKey)]
        }
        return WireMessage(
            exchange: Self.exchange, routingKey: "",
            properties: WireProperties(
                contentType: "application/json", contentEncoding: "utf-8", deliveryMode: 2, priority: 0),
            headers: ["clock": .int(Int64(clock)), "expires": expires.map(JSON.double) ?? 0],
            body: JSON.object(body).bytes(style: .python))
    }

    /// The answer of a worker; `nil` when none is wanted.
    package func answer(of node: String, _ value: JSON, clock: Int) -> WireMessage? {
        guard let ticket, let replyExchange, let replyKey else { return nil }
        return WireMessage(
            exchange: replyExchange, routingKey: replyKey,
            properties: WireProperties(
                contentType: "application/json", contentEncoding: "utf-8", deliveryMode: 1, priority: 0),
            headers: ["ticket": .string(ticket), "clock": .int(Int64(clock))],
            body: JSON.object(JSONObject([(node, value)])).bytes(style: .python))
    }
}
