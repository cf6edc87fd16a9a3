import CRabbitMQ
package import CeleryCore

// Publishing and settling: calls that await no answer.
extension Connection {
    /// Publishes a message.
    ///
    /// - Parameter isMandatory: A message that reaches no queue comes back as `Incoming.returned`.
    ///
    /// The corresponding C function is `amqp_basic_publish`.
    package func publish(_ message: WireMessage, isMandatory: Bool, on channel: UInt16) throws(RabbitMQError) {
        defer { scratch.reset() }
        var properties = self.properties(of: message)
        let status = message.body.withUnsafeBytes { body in
            library.calls.amqp_basic_publish(
                state, channel, scratch.bytes(message.exchange), scratch.bytes(message.routingKey), isMandatory ? 1 : 0, 0,
                &properties,
                amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress)))
        }
        try check(status, "publish")
    }

    private func properties(of message: WireMessage) -> amqp_basic_properties_t {
        let given = message.properties
        var properties = amqp_basic_properties_t()
        func set(_ flag: Int32) { properties._flags |= amqp_flags_t(flag) }
        func bytes(_ text: String?, _ flag: Int32) -> amqp_bytes_t {
            guard let text else { return .none }
            set(flag)
            return scratch.bytes(text)
        }
        properties.content_type = bytes(given.contentType, AMQP_BASIC_CONTENT_TYPE_FLAG)
        properties.content_encoding = bytes(given.contentEncoding, AMQP_BASIC_CONTENT_ENCODING_FLAG)
        properties.correlation_id = bytes(given.correlationID, AMQP_BASIC_CORRELATION_ID_FLAG)
        properties.reply_to = bytes(given.replyTo, AMQP_BASIC_REPLY_TO_FLAG)
        properties.expiration = bytes(given.expiration, AMQP_BASIC_EXPIRATION_FLAG)
        if let mode = given.deliveryMode {
            set(AMQP_BASIC_DELIVERY_MODE_FLAG)
            properties.delivery_mode = UInt8(mode)
        }
        if let priority = given.priority {
            set(AMQP_BASIC_PRIORITY_FLAG)
            properties.priority = UInt8(clamping: priority)
        }
        set(AMQP_BASIC_HEADERS_FLAG)
        properties.headers = FieldTable.table(message.headers, in: scratch)
        return properties
    }

    /// The corresponding C function is `amqp_basic_ack`.
    package func acknowledge(_ tag: UInt64, isMultiple: Bool, on channel: UInt16) throws(RabbitMQError) {
        try check(library.calls.amqp_basic_ack(state, channel, tag, isMultiple ? 1 : 0), "acknowledge")
    }

    /// Requeues a message, or drops it. The corresponding C function is `amqp_basic_reject`.
    package func reject(_ tag: UInt64, requeue: Bool, on channel: UInt16) throws(RabbitMQError) {
        try check(library.calls.amqp_basic_reject(state, channel, tag, requeue ? 1 : 0), "reject a message")
    }

    /// Gets one message without acknowledging it; `nil` when the queue is empty.
    ///
    /// The corresponding C functions are `amqp_basic_get` and `amqp_read_message`.
    package func get(_ queue: String, on channel: UInt16) throws(RabbitMQError) -> IncomingDelivery? {
        try check("queue", queue)
        defer { scratch.reset() }
        let reply = library.calls.amqp_basic_get(state, channel, scratch.bytes(queue), 0)
        try check(reply, "get a message from queue '\(queue)'")
        guard reply.reply.id == AMQP_BASIC_GET_OK_METHOD else { return nil }
        let got = reply.reply.decoded.assumingMemoryBound(to: amqp_basic_get_ok_t.self).pointee
        let (tag, isRedelivered) = (got.delivery_tag, got.redelivered != 0)
        var message = WireMessage(exchange: got.exchange.string, routingKey: got.routing_key.string, body: [])
        var content = amqp_message_t()
        try check(library.calls.amqp_read_message(state, channel, &content, 0), "get a message from queue '\(queue)'")
        defer { library.calls.amqp_destroy_message(&content) }
        (message.properties, message.headers) = Self.read(content.properties)
        message.body = [UInt8](content.body.buffer)
        return IncomingDelivery(channel: channel, consumer: "", tag: tag, isRedelivered: isRedelivered, message: message)
    }

    static func read(_ given: amqp_basic_properties_t) -> (WireProperties, JSONObject) {
        func has(_ flag: Int32) -> Bool { given._flags & amqp_flags_t(flag) != 0 }
        var properties = WireProperties()
        if has(AMQP_BASIC_CONTENT_TYPE_FLAG) { properties.contentType = given.content_type.string }
        if has(AMQP_BASIC_CONTENT_ENCODING_FLAG) { properties.contentEncoding = given.content_encoding.string }
        if has(AMQP_BASIC_CORRELATION_ID_FLAG) { properties.correlationID = given.correlation_id.string }
        if has(AMQP_BASIC_REPLY_TO_FLAG) { properties.replyTo = given.reply_to.string }
        if has(AMQP_BASIC_EXPIRATION_FLAG) { properties.expiration = given.expiration.string }
        if has(AMQP_BASIC_DELIVERY_MODE_FLAG) { properties.deliveryMode = Int(given.delivery_mode) }
        if has(AMQP_BASIC_PRIORITY_FLAG) { properties.priority = Int(given.priority) }
        return (properties, has(AMQP_BASIC_HEADERS_FLAG) ? FieldTable.object(given.headers) : [:])
    }
}
