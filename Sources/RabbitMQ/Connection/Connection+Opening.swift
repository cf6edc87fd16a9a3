import CRabbitMQ
import CeleryCore
import Glibc

extension Connection {
    /// Opens the TCP or TLS connection.
    static func open(
        _ options: ConnectionOptions, _ state: amqp_connection_state_t, _ library: RabbitMQLibrary
    ) throws(RabbitMQError) {
        let calls = library.calls
        let socket: OpaquePointer?
        if let tls = options.tls {
            socket = calls.amqp_ssl_socket_new(state)
            if let socket { try setUp(tls, host: options.host, socket, library) }
        } else {
            socket = calls.amqp_tcp_socket_new(state)
        }
        guard let socket else { throw RabbitMQError(.lost, "out of memory") }
        var timeout = timeval(options.connectTimeout)
        let status = calls.amqp_socket_open_noblock(socket, options.host, Int32(options.port), &timeout)
        if status == AMQP_STATUS_OK.rawValue { return }
        switch amqp_status_enum(status) {
        case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED:
            throw RabbitMQError(.unreachable, "unknown host '\(options.host)'")
        case AMQP_STATUS_TIMEOUT: throw RabbitMQError(.unreachable, "no answer within \(options.connectTimeout.inSeconds.short) s")
        case AMQP_STATUS_SOCKET_ERROR:
            throw RabbitMQError(.unreachable, SocketDiagnosis.reason(host: options.host, port: options.port))
        default: throw RabbitMQError(status: status, "connect", library)
        }
    }

    private static func setUp(
        _ tls: ConnectionOptions.TLS, host: String, _ socket: OpaquePointer, _ library: RabbitMQLibrary
    ) throws(RabbitMQError) {
        let calls = library.calls
        // TLS 1.2 is the oldest version considered safe.
        _ = calls.amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST)
        calls.amqp_ssl_socket_set_verify_peer(socket, tls.isVerified ? 1 : 0)
        // librabbitmq compares only host names; OpenSSL compares addresses as well.
        let expectsAddress = tls.isVerified && expect(address: host, socket, library)
        calls.amqp_ssl_socket_set_verify_hostname(socket, tls.isVerified && !expectsAddress ? 1 : 0)
        if let file = tls.authorities {
            if calls.amqp_ssl_socket_set_cacert(socket, file) != AMQP_STATUS_OK.rawValue {
                throw RabbitMQError(.options, "cannot use the certificates in \(file)")
            }
        } else if let trustSystem = calls.use_default_verify_paths, let context = calls.amqp_ssl_socket_get_context(socket) {
            _ = trustSystem(context)
        }
        if let certificate = tls.certificate, let key = tls.key,
            calls.amqp_ssl_socket_set_key(socket, certificate, key) != AMQP_STATUS_OK.rawValue
        {
            throw RabbitMQError(.options, "cannot use the certificate in \(certificate) with the key in \(key)")
        }
    }

    /// Makes OpenSSL check that the certificate is for this IP address.
    ///
    /// - Returns: `false` when `address` is a host name.
    private static func expect(address: String, _ socket: OpaquePointer, _ library: RabbitMQLibrary) -> Bool {
        guard let context = library.calls.amqp_ssl_socket_get_context(socket),
            let verification = library.calls.verification_of_context?(context)
        else { return false }
        return library.calls.expect_address?(verification, address) == 1
    }

    /// Performs the AMQP handshake.
    static func login(
        _ options: ConnectionOptions, _ state: amqp_connection_state_t, _ library: RabbitMQLibrary
    ) throws(RabbitMQError) {
        var timeout = timeval(options.connectTimeout)
        _ = library.calls.amqp_set_handshake_timeout(state, &timeout)
        let scratch = Scratch()
        // librabbitmq adds the other capabilities itself.
        var properties = FieldTable.table(
            [
                "product": "celery",
                "capabilities": [
                    "consumer_cancel_notify": true, "connection.blocked": true, "authentication_failure_close": true,
                ],
            ], in: scratch)
        let reply =
            options.isExternal
            ? celery_amqp_login_external(
                library.pointer, state, options.virtualHost, 0, Int32(options.frameMax), Int32(options.heartbeat),
                &properties, options.user)
            : celery_amqp_login(
                library.pointer, state, options.virtualHost, 0, Int32(options.frameMax), Int32(options.heartbeat),
                &properties, options.user, options.password)
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return
        case AMQP_RESPONSE_SERVER_EXCEPTION:
            let error = exception(reply.reply)
            // The server writes the reason only to its own log.
            guard error.code == .refused(403) else { throw error }
            let means = options.isExternal ? "refuses the login with this certificate" : "refuses user '\(options.user)' with this password"
            throw RabbitMQError(.login(byCertificate: options.isExternal), "it \(means)")
        default:
            switch amqp_status_enum(reply.library_error) {
            case AMQP_STATUS_TIMEOUT:
                throw RabbitMQError(.unreachable, "it accepts connections but does not answer")
            case AMQP_STATUS_CONNECTION_CLOSED, AMQP_STATUS_SOCKET_ERROR:
                let advice = options.tls == nil ? "; use amqps:// for a TLS port" : ""
                throw RabbitMQError(.unreachable, "it closed the connection during the handshake\(advice)")
            case AMQP_STATUS_INCOMPATIBLE_AMQP_VERSION, AMQP_STATUS_BAD_AMQP_DATA:
                throw RabbitMQError(.unreachable, "it does not speak AMQP 0-9-1")
            case AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD:
                throw RabbitMQError(.options, "it does not support this login mechanism; choose one with ?auth_mechanism=plain or external")
            default: throw RabbitMQError(status: reply.library_error, "log in", library)
            }
        }
    }
}

extension Connection {
    /// Heartbeat intervals that a server may be silent. It sends two per interval, so three are missing by then.
    static let patience = 1.5

    /// Ends the connection when sent data is not acknowledged for the time of `patience`.
    ///
    /// librabbitmq waits without limit for space in a full socket and notices no missing heartbeats meanwhile. The kernel counts
    /// from the last acknowledged bytes, so a slow network and a large message do no harm. See TCP_USER_TIMEOUT in tcp(7).
    static func bound(sendsOn descriptor: Int32, _ heartbeat: Int) {
        guard heartbeat > 0 else { return }
        var milliseconds = UInt32(Double(heartbeat) * patience * 1_000)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, socklen_t(MemoryLayout<UInt32>.size))
    }
}

extension Double {
    /// The number without a zero fraction: `4`, `0.5`.
    var short: String { self == rounded() ? String(Int(self)) : String(self) }
}
