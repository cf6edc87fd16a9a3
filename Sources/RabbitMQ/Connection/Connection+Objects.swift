import CRabbitMQ
package import CeleryCore

// Channels, exchanges, queues, subscriptions: calls that wait for an answer, except the unawaited ones. A refusal of an
// unawaited call closes the channel before the server handles anything sent later.
extension Connection {
    /// The corresponding C function is `amqp_channel_open`.
    package func openChannel(_ channel: UInt16) throws(RabbitMQError) {
        _ = library.calls.amqp_channel_open(state, channel)
        try checkReply("open a channel")
    }

    /// The corresponding C function is `amqp_channel_close`.
    package func closeChannel(_ channel: UInt16) throws(RabbitMQError) {
        try check(library.calls.amqp_channel_close(state, channel, AMQP_REPLY_SUCCESS), "close a channel")
        partial[channel] = nil
    }

    /// Runs `body` on a channel of its own, which a refusal closes without affecting other channels.
    package func withChannel<Value>(
        _ channel: UInt16, _ body: () throws(RabbitMQError) -> Value
    ) throws(RabbitMQError) -> Value {
        try openChannel(channel)
        let value = try onChannel(channel, body)
        try closeChannel(channel)
        return value
    }

    /// Runs `body` on an open channel. A refusal closes the channel without affecting others.
    package func onChannel<Value>(
        _ channel: UInt16, _ body: () throws(RabbitMQError) -> Value
    ) throws(RabbitMQError) -> Value {
        do throws(RabbitMQError) {
            return try body()
        } catch {
            if case .refused = error.code {
                var answer = amqp_channel_close_ok_t()
                try check(
                    library.calls.amqp_send_method(state, channel, amqp_method_number_t(AMQP_CHANNEL_CLOSE_OK_METHOD), &answer),
                    "close a channel")
                partial[channel] = nil
            }
            throw error
        }
    }

    /// RabbitMQ's arguments, for servers that take them.
    private func arguments(_ arguments: JSONObject) -> amqp_table_t {
        FieldTable.table(abilities.has(.arguments) ? arguments : [:], in: scratch)
    }

    /// Sends a method without waiting. The corresponding C function is `amqp_send_method`.
    func send<Method>(_ number: Int32, _ method: Method, on channel: UInt16) throws(RabbitMQError) {
        var method = method
        let status = withUnsafeMutableBytes(of: &method) { bytes in
            library.calls.amqp_send_method(state, channel, amqp_method_number_t(number), bytes.baseAddress)
        }
        try check(status, "declare")
    }

    /// The corresponding C function is `amqp_exchange_declare`.
    package func declare(
        _ exchange: ExchangeDeclaration, isAwaited: Bool = true, on channel: UInt16
    ) throws(RabbitMQError) {
        try check("exchange", exchange.name, exchange.type)
        defer { scratch.reset() }
        if !isAwaited {
            var method = amqp_exchange_declare_t()
            method.exchange = scratch.bytes(exchange.name)
            method.type = scratch.bytes(exchange.type)
            method.durable = exchange.isDurable ? 1 : 0
            method.nowait = 1
            return try send(Int32(AMQP_EXCHANGE_DECLARE_METHOD), method, on: channel)
        }
        _ = library.calls.amqp_exchange_declare(
            state, channel, scratch.bytes(exchange.name), scratch.bytes(exchange.type), 0, exchange.isDurable ? 1 : 0, 0, 0,
            amqp_table_t())
        try checkReply("declare exchange '\(exchange.name)'")
    }

    /// The corresponding C function is `amqp_exchange_bind`.
    package func bindExchange(
        _ destination: String, to source: String, key: String, on channel: UInt16
    ) throws(RabbitMQError) {
        try check("exchange", destination, source, key)
        defer { scratch.reset() }
        _ = library.calls.amqp_exchange_bind(
            state, channel, scratch.bytes(destination), scratch.bytes(source), scratch.bytes(key), amqp_table_t())
        try checkReply("bind exchange '\(destination)'")
    }

    /// Declares a queue. The corresponding C function is `amqp_queue_declare`.
    ///
    /// - Parameter isPassive: Only checks whether the queue exists.
    @discardableResult
    package func declare(
        _ queue: QueueDeclaration, isPassive: Bool = false, on channel: UInt16
    ) throws(RabbitMQError) -> QueueState {
        try check("queue", queue.name)
        defer { scratch.reset() }
        let answer = library.calls.amqp_queue_declare(
            state, channel, scratch.bytes(queue.name), isPassive ? 1 : 0, queue.isDurable ? 1 : 0,
            queue.isExclusive ? 1 : 0, queue.isAutoDeleted ? 1 : 0, arguments(queue.arguments))
        try checkReply("declare queue '\(queue.name)'")
        guard let answer else { throw RabbitMQError(.lost, "no answer to the declaration of queue '\(queue.name)'") }
        return QueueState(
            name: answer.pointee.queue.string, messages: Int(answer.pointee.message_count),
            consumers: Int(answer.pointee.consumer_count))
    }

    /// Declares a queue without waiting for the answer.
    package func declareUnawaited(_ queue: QueueDeclaration, on channel: UInt16) throws(RabbitMQError) {
        try check("queue", queue.name)
        defer { scratch.reset() }
        var method = amqp_queue_declare_t()
        method.queue = scratch.bytes(queue.name)
        method.durable = queue.isDurable ? 1 : 0
        method.exclusive = queue.isExclusive ? 1 : 0
        method.auto_delete = queue.isAutoDeleted ? 1 : 0
        method.nowait = 1
        method.arguments = arguments(queue.arguments)
        try send(Int32(AMQP_QUEUE_DECLARE_METHOD), method, on: channel)
    }

    /// The corresponding C function is `amqp_queue_bind`.
    package func bindQueue(
        _ queue: String, to exchange: String, key: String, isAwaited: Bool = true, on channel: UInt16
    ) throws(RabbitMQError) {
        try check("queue", queue)
        try check("exchange", exchange)
        try check("routing key", key)
        defer { scratch.reset() }
        if !isAwaited {
            var method = amqp_queue_bind_t()
            method.queue = scratch.bytes(queue)
            method.exchange = scratch.bytes(exchange)
            method.routing_key = scratch.bytes(key)
            method.nowait = 1
            return try send(Int32(AMQP_QUEUE_BIND_METHOD), method, on: channel)
        }
        _ = library.calls.amqp_queue_bind(
            state, channel, scratch.bytes(queue), scratch.bytes(exchange), scratch.bytes(key), amqp_table_t())
        try checkReply("bind queue '\(queue)'")
    }

    /// Deletes the waiting messages. Returns their number. The corresponding C function is `amqp_queue_purge`.
    package func purge(_ queue: String, on channel: UInt16) throws(RabbitMQError) -> Int {
        try check("queue", queue)
        defer { scratch.reset() }
        let answer = library.calls.amqp_queue_purge(state, channel, scratch.bytes(queue))
        try checkReply("purge queue '\(queue)'")
        return Int(answer?.pointee.message_count ?? 0)
    }

    /// The corresponding C function is `amqp_queue_delete`.
    ///
    /// - Parameter ifUnused: Whether a queue with consumers is refused.
    package func deleteQueue(_ queue: String, ifUnused: Bool = false, on channel: UInt16) throws(RabbitMQError) {
        try check("queue", queue)
        defer { scratch.reset() }
        _ = library.calls.amqp_queue_delete(state, channel, scratch.bytes(queue), ifUnused ? 1 : 0, 0)
        try checkReply("delete queue '\(queue)'")
    }

    /// Sets the prefetch count. The corresponding C function is `amqp_basic_qos`.
    ///
    /// - Parameter isShared: Applies to the whole channel, rather than to each later subscription separately.
    package func setPrefetch(_ count: Int, isShared: Bool, on channel: UInt16) throws(RabbitMQError) {
        _ = library.calls.amqp_basic_qos(state, channel, 0, UInt16(min(count, 65_535)), isShared ? 1 : 0)
        try checkReply("set the prefetch count")
    }

    /// Subscribes to a queue. The corresponding C function is `amqp_basic_consume`.
    ///
    /// - Parameter arguments: Arguments for the server, such as the start offset in a stream.
    package func consume(
        _ queue: String, as consumer: String, isAcknowledged: Bool = true, arguments: JSONObject = [:], on channel: UInt16
    ) throws(RabbitMQError) {
        try check("queue", queue)
        defer { scratch.reset() }
        _ = library.calls.amqp_basic_consume(
            state, channel, scratch.bytes(queue), scratch.bytes(consumer), 0, isAcknowledged ? 0 : 1, 0,
            self.arguments(arguments))
        try checkReply("consume from queue '\(queue)'")
    }

    /// Ends a subscription without waiting for the answer, which would come after everything in flight.
    package func cancelUnawaited(consumer: String, on channel: UInt16) throws(RabbitMQError) {
        defer { scratch.reset() }
        try send(Int32(AMQP_BASIC_CANCEL_METHOD), amqp_basic_cancel_t(consumer_tag: scratch.bytes(consumer), nowait: 1), on: channel)
    }

    /// The corresponding C function is `amqp_basic_cancel`.
    package func cancel(consumer: String, on channel: UInt16) throws(RabbitMQError) {
        defer { scratch.reset() }
        _ = library.calls.amqp_basic_cancel(state, channel, scratch.bytes(consumer))
        try checkReply("end a subscription")
    }
}
