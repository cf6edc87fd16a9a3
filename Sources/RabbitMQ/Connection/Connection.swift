import CRabbitMQ
import CeleryCore
import Glibc

/// One connection to a server, confined to the thread that created it.
///
/// Every method blocks until it is done; methods that wait for an answer give up after `answerTimeout`. After any error the
/// connection can only be dropped.
package final class Connection {
    let library: RabbitMQLibrary
    let state: amqp_connection_state_t
    package let options: ConnectionOptions
    /// Negotiated seconds between heartbeats; 0 when there are none.
    package let heartbeat: Int
    /// What the server can do.
    package let abilities: ServerAbilities
    let scratch = Scratch()
    /// When the server was last heard.
    var lastHeard = ContinuousClock.now
    /// Messages with missing frames, by channel.
    var partial: [UInt16: PartialMessage] = [:]

    /// How long to wait for an answer.
    static let answerTimeout: Duration = .seconds(15)

    /// Connects and logs in.
    ///
    /// - Parameter onSocket: Receives the descriptor, so that another thread can shut the socket down.
    ///
    /// The corresponding C functions are `amqp_socket_open_noblock` and `amqp_login`.
    init(_ options: ConnectionOptions, onSocket: (Int32) -> Void) throws(RabbitMQError) {
        self.options = options
        library = try RabbitMQLibrary.load()
        let calls = library.calls
        guard let state = calls.amqp_new_connection() else { throw RabbitMQError(.lost, "out of memory") }
        do throws(RabbitMQError) {
            try Self.open(options, state, library)
            onSocket(calls.amqp_get_sockfd(state))
            try Self.login(options, state, library)
        } catch {
            onSocket(-1)
            _ = calls.amqp_destroy_connection(state)
            var reason = RabbitMQError(error.code, "cannot reach broker \(options.location): \(error.message)")
            reason.isOfOpening = true
            throw reason
        }
        var timeout = timeval(Self.answerTimeout)
        _ = calls.amqp_set_rpc_timeout(state, &timeout)
        heartbeat = Int(calls.amqp_get_heartbeat(state))
        Self.bound(sendsOn: calls.amqp_get_sockfd(state), heartbeat)
        abilities = options.assumed ?? ServerAbilities(calls.amqp_get_server_properties(state).map { FieldTable.object($0.pointee) } ?? [:])
        self.state = state
        guard let refusal = abilities.refusal else { return }
        close(.awaited, onSocket: onSocket)
        var reason = RabbitMQError(.unfit, "broker \(options.location): \(refusal)")
        reason.isOfOpening = true
        throw reason
    }

    /// How a connection ends.
    enum Farewell {
        /// Closes with a handshake, so that everything sent before is done.
        case awaited
        /// Sends the close without waiting, when everything is already confirmed.
        case said
        /// Sends nothing: the server is gone.
        case none
    }

    /// Closes the connection and frees its memory.
    ///
    /// The corresponding C functions are `amqp_connection_close` and `amqp_destroy_connection`.
    func close(_ farewell: Farewell, onSocket: (Int32) -> Void) {
        switch farewell {
        case .awaited:
            var timeout = timeval(.seconds(2))
            _ = library.calls.amqp_set_rpc_timeout(state, &timeout)
            _ = library.calls.amqp_connection_close(state, AMQP_REPLY_SUCCESS)
        case .said:
            var method = amqp_connection_close_t()
            method.reply_code = UInt16(AMQP_REPLY_SUCCESS)
            _ = library.calls.amqp_send_method(state, 0, amqp_method_number_t(AMQP_CONNECTION_CLOSE_METHOD), &method)
        case .none: break
        }
        onSocket(-1)
        _ = library.calls.amqp_destroy_connection(state)
    }

    var descriptor: Int32 { library.calls.amqp_get_sockfd(state) }

    // MARK: Calls

    /// Checks the status of a call without an answer.
    func check(_ status: Int32, _ operation: @autoclosure () -> String) throws(RabbitMQError) {
        if status < 0 { throw RabbitMQError(status: status, operation(), library) }
    }

    /// Checks the answer to the last call.
    func checkReply(_ operation: @autoclosure () -> String) throws(RabbitMQError) {
        try check(library.calls.amqp_get_rpc_reply(state), operation())
        lastHeard = .now
    }

    func check(_ reply: amqp_rpc_reply_t, _ operation: @autoclosure () -> String) throws(RabbitMQError) {
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return
        case AMQP_RESPONSE_SERVER_EXCEPTION: throw Self.exception(reply.reply)
        default: throw RabbitMQError(status: reply.library_error, operation(), library)
        }
    }

    /// The error in a `connection.close` or `channel.close`.
    static func exception(_ method: amqp_method_t) -> RabbitMQError {
        switch method.id {
        case AMQP_CONNECTION_CLOSE_METHOD:
            let close = method.decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            return RabbitMQError(replyCode: close.reply_code, text: close.reply_text)
        case AMQP_CHANNEL_CLOSE_METHOD:
            let close = method.decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            return RabbitMQError(replyCode: close.reply_code, text: close.reply_text)
        default: return RabbitMQError(.lost, "unexpected answer from the server")
        }
    }
}

extension timeval {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
