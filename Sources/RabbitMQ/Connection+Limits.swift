import CRabbitMQ
package import CeleryCore

// What AMQP has no room for. librabbitmq finds it out in the middle of a message, when the
// connection can only be dropped, and says nothing about the cause.
extension Connection {
    /// Bytes of a name: exchange, queue, routing key, key of a table.
    static let nameLimit = 255
    /// Around the headers in their frame: the frame's own nine bytes, class, size, flags.
    private static let frameOverhead = 9 + 14

    /// Why the server could not be sent this message; `nil` when it can.
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
        let room = Int(library.calls.amqp_get_frame_max(state)) - Self.frameOverhead
        return size > room ? "the headers take \(size) bytes, and the broker's frames have room for \(room)" : nil
    }

    /// Checks the names a call is about to send.
    func check(_ what: String, _ names: String...) throws(RabbitMQError) {
        for name in names where name.utf8.count > Self.nameLimit { throw RabbitMQError(.tooLarge, Self.tooLong(what, name)) }
    }

    private static func tooLong(_ what: String, _ name: String) -> String {
        "the \(what) '\(name.prefix(32))...' has \(name.utf8.count) bytes; \(nameLimit) are possible"
    }
}
