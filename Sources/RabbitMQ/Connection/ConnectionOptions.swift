package import CeleryCore

/// How to connect to one RabbitMQ server, read from the URL of a broker.
///
/// URL options are those of RabbitMQ's own clients: `heartbeat` and `connection_timeout` (here in seconds), `frame_max`,
/// `cacertfile`, `certfile`, `keyfile`, `verify=verify_none`, `auth_mechanism=external`. See "URI Query Parameters" in
/// RabbitMQ's manual.
package struct ConnectionOptions: Sendable, Hashable {
    package var host: String
    package var port: Int
    package var user: String
    package var password: String
    package var virtualHost: String
    /// Seconds; the server may negotiate less. 0 turns heartbeats off.
    package var heartbeat: Int
    /// Time limit for the TCP connection, and again for the handshake.
    package var connectTimeout: Duration
    /// Bytes; the default of RabbitMQ.
    package var frameMax: Int
    package var tls: TLS?
    /// Whether to log in by certificate, without a password.
    package var isExternal: Bool
    /// For display, without the password.
    package var location: String
    /// Overrides what the server announces, so that tests can treat RabbitMQ as a lesser server.
    package var assumed: ServerAbilities?

    /// Certificates for a TLS connection.
    package struct TLS: Sendable, Hashable {
        /// PEM file of trusted certificates; `nil` uses the system's.
        package var authorities: String?
        /// PEM files with the client's certificate and key.
        package var certificate: String?
        package var key: String?
        package var isVerified = true
    }

    /// - Throws: `RabbitMQError.Code.options`, naming the option.
    package init(_ url: ServiceURL, heartbeat: Int = 10, connectTimeout: Duration = .seconds(4)) throws(RabbitMQError) {
        host = url.host ?? "localhost"
        port = url.usedPort
        user = url.user ?? "guest"
        password = url.password ?? "guest"
        virtualHost = url.virtualHost
        self.heartbeat = heartbeat
        self.connectTimeout = connectTimeout
        frameMax = 131_072
        tls = url.isEncrypted ? TLS() : nil
        isExternal = false
        var shown = url
        shown.query = []
        location = shown.redacted
        for item in url.query { try take(item) }
        if (tls?.certificate == nil) != (tls?.key == nil) {
            throw complaint("certfile and keyfile must be given together")
        }
    }

    private mutating func take(_ item: ServiceURL.QueryItem) throws(RabbitMQError) {
        switch item.name {
        case "heartbeat": heartbeat = try number(item, 0...65_535)
        case "connection_timeout": connectTimeout = .seconds(try number(item, 1...3_600))
        case "frame_max": frameMax = try number(item, 4_096...Int(Int32.max))
        case "auth_mechanism":
            guard ["plain", "external"].contains(item.value) else { throw complaint("auth_mechanism must be plain or external") }
            isExternal = item.value == "external"
        case "cacertfile", "certfile", "keyfile", "verify":
            guard tls != nil else { throw complaint("\(item.name) needs amqps://") }
            switch item.name {
            case "cacertfile": tls?.authorities = item.value
            case "certfile": tls?.certificate = item.value
            case "keyfile": tls?.key = item.value
            default:
                guard ["verify_none", "verify_peer"].contains(item.value) else {
                    throw complaint("verify must be verify_peer or verify_none")
                }
                tls?.isVerified = item.value == "verify_peer"
            }
        default: throw complaint("unknown option '\(item.name)'")
        }
    }

    private func number(_ item: ServiceURL.QueryItem, _ range: ClosedRange<Int>) throws(RabbitMQError) -> Int {
        guard let number = Int(item.value), range.contains(number) else {
            throw complaint("\(item.name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private func complaint(_ text: String) -> RabbitMQError { RabbitMQError(.options, "broker \(location): \(text)") }
}
