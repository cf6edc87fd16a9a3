import CRabbitMQ
package import CeleryCore

// Limits of AMQP. librabbitmq detects a violation only in the middle of a message, where the connection can only be dropped,
// and does not report the cause.
extension Connection {
    /// Bytes of a name: exchange, queue, routing key, key of a table.
    static let nameLimit = 255
    /// Bytes around the headers in their frame: the frame's own nine bytes, class, size, flags.
    private static let frameOverhead = 9 + 14

    /// Why the message cannot be sent; `nil` when it can.
    package func fault(of message: WireMessage) -> String? {
        let properties = message.properties
        let names: [(String, String?)] = [
            ("exchange", message.exchange), ("routing key", message.routingKey), ("content type", properties.contentType),
            ("content encoding", properties.contentEncoding), ("correlation id", properties.correlationID),
            ("reply queue", properties.replyTo), ("expiration", properties.expiration),
        ]
        for (what, name) in names {
            if let name, name.utf8.count > Self.nameLimit { return Self.tooLong(what, name) }
        }
        var size = names.dropFirst(2).reduce(2) { $0 + 1 + ($1.1?.utf8.count ?? 0) }
        if let fault = FieldTable.measure(message.headers, into: &size) { return fault }
        let limit = Int(library.calls.amqp_get_frame_max(state)) - Self.frameOverhead
        return size > limit ? "the headers take \(size) bytes, and the broker's frames hold \(limit)" : nil
    }

    /// Checks the names for a call.
    func check(_ what: String, _ names: String...) throws(RabbitMQError) {
        for name in names where name.utf8.count > Self.nameLimit { throw RabbitMQError(.tooLarge, Self.tooLong(what, name)) }
    }

    private static func tooLong(_ what: String, _ name: String) -> String {
        "the \(what) '\(name.prefix(32))...' has \(name.utf8.count) bytes; the limit is \(nameLimit)"
    }
}
