import CeleryCore
import STOMP
import Wire

/// A message as it lies in a queue of a STOMP server.
///
/// The body is that of Celery's protocol 2. Headers of STOMP are short texts, so Celery's own are one JSON object, in pieces:
/// `celery-headers`, `celery-headers-1` and so on. The rest has headers of the protocol (`content-type`, `priority`) or of ours.
///
/// A message without `celery-headers` is one of protocol 1, all in the body, as Celery 0.8 sent them by carrot.
enum STOMPEnvelope {
    private static let headersName = "celery-headers"
    /// Bytes of a piece, escapes included: ActiveMQ reads no line of more than 10 KiB.
    private static let pieceLength = 8_000
    /// ActiveMQ reads no more than 1,000 headers.
    private static let mostPieces = 900

    private static let replyTo = "celery-reply-to"
    private static let exchange = "celery-exchange"
    private static let routingKey = "celery-routing-key"
    private static let priority = "celery-priority"

    // MARK: Writing

    /// The headers of SEND, without destination and receipt.
    ///
    /// - Parameter keepsPriority: Whether the server goes by the priority; otherwise it is only written down.
    /// - Throws: `DriverError.refused` if Celery's headers are longer than servers read.
    static func headers(
        of wire: WireMessage, at server: STOMPServer, keepsPriority: Bool = true
    ) throws(DriverError) -> [STOMPFrame.Header] {
        let given = wire.properties
        var headers = [STOMPFrame.Header("content-type", given.contentType ?? "application/json")]
        func add(_ name: String, _ value: String?) { if let value { headers.append(STOMPFrame.Header(name, value)) } }
        add("content-encoding", given.contentEncoding)
        add("correlation-id", given.correlationID.flatMap { isPlain($0) ? $0 : nil })
        add(replyTo, given.replyTo)
        if !wire.exchange.isEmpty {
            add(exchange, wire.exchange)
            add(routingKey, wire.routingKey)
        }
        // RabbitMQ would take `false` for a property of the queue.
        if given.deliveryMode == 2 { add("persistent", "true") }
        let number = given.priority.map { min(max($0, 0), 9) }
        if keepsPriority {
            // Without one a message has 4 at ActiveMQ, and 0 at all other brokers of Celery.
            add("priority", number.map(String.init) ?? (server.kind == .rabbitMQ ? nil : "0"))
        } else {
            add(priority, number.map(String.init) ?? "none")
        }
        let pieces = pieces(of: JSON.object(wire.headers).bytes(style: .python))
        guard pieces.count <= mostPieces else {
            throw DriverError(.refused, "the headers of a message have more than \(mostPieces * pieceLength / 1_000) kB")
        }
        for (index, piece) in pieces.enumerated() { add(index == 0 ? headersName : "\(headersName)-\(index)", piece) }
        return headers
    }

    private static func isPlain(_ text: String) -> Bool { !text.utf8.contains { $0 == 0 || $0 == 0x0D } }

    private static func pieces(of bytes: [UInt8]) -> [String] {
        var pieces: [String] = []
        var piece: [UInt8] = []
        var length = 0
        for byte in bytes {
            // Never between the bytes of one character.
            if length >= pieceLength - 8, byte & 0xC0 != 0x80 {
                pieces.append(String(decoding: piece, as: UTF8.self))
                (piece, length) = ([], 0)
            }
            piece.append(byte)
            length += byte == UInt8(ascii: ":") || byte == UInt8(ascii: "\\") || byte == 0x0A ? 2 : 1
        }
        return pieces + [String(decoding: piece, as: UTF8.self)]
    }

    // MARK: Reading

    /// Reads what anybody may have written.
    ///
    /// - Throws: `MalformedMessage` if the headers are not what they should be.
    static func read(_ frame: STOMPFrame) throws(MalformedMessage) -> WireMessage {
        var wire = remains(of: frame)
        guard let first = frame[headersName] else { return wire }
        var text = first
        var index = 1
        while index <= mostPieces, let piece = frame["\(headersName)-\(index)"] {
            text += piece
            index += 1
        }
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: Array(text.utf8)) } catch {
            throw MalformedMessage(.unknownMessage, "the header \(headersName) is not json: \(error)")
        }
        guard case .object(let object) = json else { throw MalformedMessage(.unknownMessage, "the header \(headersName) is not an object") }
        wire.headers = object
        return wire
    }

    /// What can be read in any case.
    static func remains(of frame: STOMPFrame) -> WireMessage {
        func number(_ name: String) -> Int? { frame[name].flatMap { Int($0) } }
        return WireMessage(
            exchange: frame[exchange] ?? "", routingKey: frame[routingKey] ?? "",
            properties: WireProperties(
                contentType: frame["content-type"], contentEncoding: frame["content-encoding"],
                deliveryMode: frame["persistent"] == "true" ? 2 : 1, priority: frame[priority].map { Int($0) } ?? number("priority"),
                correlationID: frame["correlation-id"], replyTo: frame[replyTo]),
            headers: [:], body: frame.body)
    }

    /// How often the message returned to its queue, as far as the server tells.
    static func returns(of frame: STOMPFrame) -> Int {
        // Only a quorum queue counts; on a first delivery its header is another queue's count.
        guard frame["redelivered"] == "true" else { return 0 }
        return max(1, frame["x-delivery-count"].flatMap { Int($0) } ?? 1)
    }

    /// Whether a server had this message wait for its time, and has no scheduler: it would never wait there.
    static func wasDelayedInVain(_ frame: STOMPFrame) -> Bool { frame[delay] != nil }

    /// ActiveMQ's header for a delay, in milliseconds. Its scheduler takes it away.
    static let delay = "AMQ_SCHEDULED_DELAY"
}
