package import CeleryCore

/// A remote-control request and its answers, as kombu's pidbox sends them (`pidbox-*` in `Tests/Golden`).
package struct ControlMessage: Sendable, Equatable {
    package var request: ControlRequest
    /// Names of the addressed nodes; `nil` for all.
    package var destination: [String]?
    /// A pattern for node names, and its kind: `glob` or `pcre`.
    package var pattern: String?
    package var matcher: String?
    /// Identifies the answers; `nil` when none is requested.
    package var ticket: String?
    package var replyExchange: String?
    package var replyKey: String?
    /// Seconds since the epoch; an expired request is not answered.
    package var expires: Double?
    /// The sender's logical clock.
    package var clock: Int

    package init(_ request: ControlRequest, ticket: String, replyKey: String) {
        self.request = request
        self.ticket = ticket
        self.replyKey = replyKey
        replyExchange = Self.replyExchange
        clock = 1
    }

    /// A request to some workers, unanswered unless there is a ticket.
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

    /// Size limit of a request, in bytes; longer ones are malformed.
    private static let longest = 1 << 20

    /// Beyond any clock that counts correctly.
    private static let latest = 1 << 53

    /// The exchange that delivers requests to every worker.
    package static let exchange = "celery.pidbox"
    package static let replyExchange = "reply.celery.pidbox"

    package static func queue(of node: String) -> String { "\(node).\(exchange)" }
    package static func replyQueue(of key: String) -> String { "\(key).\(replyExchange)" }

    /// Whether it addresses a worker of this name, by the rules of Python's workers: an empty list of names does not restrict.
    ///
    /// A pattern without a kind is a glob; an unknown kind or an invalid pattern matches no worker.
    package func isFor(_ node: String) -> Bool {
        if let destination, !destination.isEmpty { return destination.contains(node) }
        guard let pattern else { return true }
        switch matcher ?? "glob" {
        case "glob": return Glob.matches(node, pattern)
        case "pcre": return NodePattern(pattern)?.matches(node) ?? false
        default: return false
        }
    }

    /// Whether the request has expired.
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
        // Clamp the value: anybody may have written it, and the clock continues from it.
        clock = min(max(0, message.headers["clock"]?.intValue ?? 0), Self.latest)
    }

    /// The names in a list. A list without any valid name matches no worker, rather than all.
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
            headers: ["clock": .int(Int64(clock)), "expires": expires.map { .double($0) } ?? 0],
            body: JSON.object(body).bytes(style: .python))
    }

    /// A worker's answer; `nil` when none is requested.
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
