import CRabbitMQ
import CeleryCore
import Glibc

/// A message whose method has arrived, but not yet all of header and body.
struct PartialMessage {
    var kind: Kind
    var message: WireMessage
    /// Bytes of the body still missing; `nil` before the header.
    var missing: Int?

    enum Kind {
        case delivery(consumer: String, tag: UInt64, isRedelivered: Bool)
        case returned(reason: String)
    }
}

extension Connection {
    /// The next input that the server has sent unasked; `nil` when there is none now.
    ///
    /// Does not wait. Answers heartbeats.
    ///
    /// - Throws: `RabbitMQError` when the server closes the connection or a channel, or is gone.
    ///
    /// The corresponding C function is `amqp_simple_wait_frame_noblock`.
    func receive() throws(RabbitMQError) -> Incoming? {
        while true {
            var frame = amqp_frame_t()
            var nothing = timeval()
            let status = library.calls.amqp_simple_wait_frame_noblock(state, &frame, &nothing)
            if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
            try check(status, "receive")
            if let incoming = try take(frame) { return incoming }
        }
    }

    /// Limits the wait for answers to `limit` while `body` runs.
    ///
    /// During a resource alarm the server reads nothing from connections that have published, and so answers nothing.
    ///
    /// - Throws: Also `blocked`, when an alarm is why no answer came.
    package func expectAnswers<Value>(
        within limit: Duration, _ body: () throws(RabbitMQError) -> Value
    ) throws(RabbitMQError) -> Value {
        setAnswerTimeout(limit)
        defer { setAnswerTimeout(Self.answerTimeout) }
        do throws(RabbitMQError) {
            return try body()
        } catch {
            guard error.code == .timeout else { throw error }
            // The library has queued other frames. The connection is lost in any case.
            while let incoming = try receive() {
                if case .blocked(let reason) = incoming { throw RabbitMQError(.blocked, "it takes no messages now (\(reason))") }
            }
            throw error
        }
    }

    private func setAnswerTimeout(_ limit: Duration) {
        var timeout = timeval(limit)
        _ = library.calls.amqp_set_rpc_timeout(state, &timeout)
    }

    /// Whether a message has arrived only in part.
    package var isReceiving: Bool { !partial.isEmpty }

    /// Whether input is waiting for `receive` that a call has read from the socket while it waited for its answer, so
    /// that `poll` does
    /// not see it.
    ///
    /// The corresponding C functions are `amqp_frames_enqueued` and `amqp_data_in_buffer`.
    var hasInput: Bool {
        library.calls.amqp_frames_enqueued(state) != 0 || library.calls.amqp_data_in_buffer(state) != 0
    }

    /// Lets the library reuse the memory of processed frames.
    ///
    /// The corresponding C function is `amqp_maybe_release_buffers`.
    func releaseBuffers() { library.calls.amqp_maybe_release_buffers(state) }

    private func take(_ frame: amqp_frame_t) throws(RabbitMQError) -> Incoming? {
        switch frame.frame_type {
        case UInt8(AMQP_FRAME_METHOD): return try take(frame.payload.method, on: frame.channel)
        case UInt8(AMQP_FRAME_HEADER):
            guard var part = partial[frame.channel] else { return nil }
            let header = frame.payload.properties
            if let decoded = header.decoded {
                (part.message.properties, part.message.headers) =
                    Self.read(decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee)
            }
            guard let size = Int(exactly: header.body_size) else { throw RabbitMQError(.lost, "a message with an invalid size") }
            part.missing = size
            // Do not trust the claimed size beyond this.
            part.message.body.reserveCapacity(min(size, 1 << 20))
            return finish(part, on: frame.channel)
        case UInt8(AMQP_FRAME_BODY):
            guard var part = partial.removeValue(forKey: frame.channel), let missing = part.missing else { return nil }
            let bytes = frame.payload.body_fragment.buffer
            part.message.body.append(contentsOf: bytes)
            part.missing = missing - bytes.count
            return finish(part, on: frame.channel)
        default: return nil
        }
    }

    private func finish(_ part: PartialMessage, on channel: UInt16) -> Incoming? {
        guard part.missing ?? 1 <= 0 else {
            partial[channel] = part
            return nil
        }
        partial[channel] = nil
        switch part.kind {
        case .delivery(let consumer, let tag, let isRedelivered):
            return .delivery(
                IncomingDelivery(
                    channel: channel, consumer: consumer, tag: tag, isRedelivered: isRedelivered, message: part.message))
        case .returned(let reason): return .returned(part.message, reason: reason)
        }
    }

    private func take(_ method: amqp_method_t, on channel: UInt16) throws(RabbitMQError) -> Incoming? {
        func decoded<Method>(_ type: Method.Type) -> Method {
            method.decoded.assumingMemoryBound(to: Method.self).pointee
        }
        switch method.id {
        case AMQP_BASIC_DELIVER_METHOD:
            let deliver = decoded(amqp_basic_deliver_t.self)
            partial[channel] = PartialMessage(
                kind: .delivery(
                    consumer: deliver.consumer_tag.string, tag: deliver.delivery_tag, isRedelivered: deliver.redelivered != 0),
                message: WireMessage(exchange: deliver.exchange.string, routingKey: deliver.routing_key.string, body: []))
            return nil
        case AMQP_BASIC_RETURN_METHOD:
            let back = decoded(amqp_basic_return_t.self)
            partial[channel] = PartialMessage(
                kind: .returned(reason: back.reply_text.string),
                message: WireMessage(exchange: back.exchange.string, routingKey: back.routing_key.string, body: []))
            return nil
        case AMQP_BASIC_ACK_METHOD:
            let ack = decoded(amqp_basic_ack_t.self)
            return .confirm(number: ack.delivery_tag, isMultiple: ack.multiple != 0, isTaken: true)
        case AMQP_BASIC_NACK_METHOD:
            let nack = decoded(amqp_basic_nack_t.self)
            return .confirm(number: nack.delivery_tag, isMultiple: nack.multiple != 0, isTaken: false)
        case AMQP_BASIC_CANCEL_METHOD: return .cancelled(consumer: decoded(amqp_basic_cancel_t.self).consumer_tag.string)
        case AMQP_CONNECTION_BLOCKED_METHOD: return .blocked(reason: decoded(amqp_connection_blocked_t.self).reason.string)
        case AMQP_CONNECTION_UNBLOCKED_METHOD: return .unblocked
        case AMQP_CONNECTION_CLOSE_METHOD, AMQP_CHANNEL_CLOSE_METHOD: throw Self.exception(method)
        default: return nil
        }
    }
}
