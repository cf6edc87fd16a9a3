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

    /// An order to all workers that wants no answer.
    package init(_ request: ControlRequest) {
        self.request = request
        clock = 1
    }

    /// Later than any clock that counts messages.
    private static let latest = 1 << 53

    /// The exchange that brings requests to every worker.
    package static let exchange = "celery.pidbox"
    package static let replyExchange = "reply.celery.pidbox"

    package static func queue(of node: String) -> String { "\(node).\(exchange)" }
    package static func replyQueue(of key: String) -> String { "\(key).\(replyExchange)" }

    /// Whether it is for a worker of this name.
    ///
    /// Patterns are globs; other sorts are for nobody.
    package func isFor(_ node: String) -> Bool {
        if let destination { return destination.contains(node) }
        guard let pattern else { return true }
        return (matcher ?? "glob") == "glob" && Glob.matches(node, pattern)
    }
}

// MARK: On the wire

extension ControlMessage {
    package init(_ message: WireMessage) throws(MalformedMessage) {
        let body: JSON
        do throws(JSONError) { body = try JSON(parsing: message.body) } catch {
            throw MalformedMessage(.bodyNotJSON, "the request is not json: \(error)")
        }
        guard let method = body["method"]?.stringValue else {
            throw MalformedMessage(.unknownMessage, "the request names no method")
        }
        request = ControlRequest(method: method, arguments: body["arguments"]?.objectValue ?? [:])
        destination = body["destination"]?.arrayValue?.compactMap(\.stringValue)
        pattern = body["pattern"]?.stringValue
        matcher = body["matcher"]?.stringValue
        ticket = body["ticket"]?.stringValue
        replyExchange = body["reply_to"]?["exchange"]?.stringValue
        replyKey = body["reply_to"]?["routing_key"]?.stringValue
        expires = message.headers["expires"]?.doubleValue.flatMap { $0 > 0 ? $0 : nil }
        // Anybody may have written it, and it is counted on from there.
        clock = min(max(0, message.headers["clock"]?.intValue ?? 0), Self.latest)
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
