package import CeleryCore
package import Streams

/// How to connect to one STOMP server, read from its URL.
///
/// | URL | server |
/// |---|---|
/// | `stomp://user:password@host:61613/vhost` | by TCP; the path is RabbitMQ's virtual host, and ignored by ActiveMQ |
/// | `stomp+ssl://user:password@host:61614` | by TLS |
package struct STOMPOptions: Sendable, Hashable {
    package var host: String
    package var port: Int
    package var user: String?
    package var password: String?
    package var virtualHost: String
    /// Time limit for the connection, and again for handshake and login.
    package var connectTimeout: Duration
    package var tls: TLSTerms?
    /// Before the name of every queue and topic: ActiveMQ has no virtual hosts, so this keeps projects apart.
    package var prefix = ""
    /// For how long the server may be silent. Its heart-beats come several times as often.
    package var silence = Self.longestSilence
    /// For display, without the password.
    package var location: String

    /// A dead connection is noticed within ten seconds.
    package static let longestSilence: Duration = .seconds(8)

    private static let own = ["destination_prefix", "connect_timeout"]

    /// - Throws: `STOMPError.Code.options`, naming the option.
    package init(_ url: ServiceURL, connectTimeout: Duration = .seconds(4)) throws(STOMPError) {
        host = url.host ?? "localhost"
        tls = url.isEncrypted ? TLSTerms() : nil
        port = url.usedPort
        user = url.user.flatMap { $0.isEmpty ? nil : $0 }
        password = url.password
        virtualHost = url.virtualHost
        self.connectTimeout = connectTimeout
        location = url.location
        try url.takeOptions(complaint) { (item) throws(STOMPError) in try take(item) }
        if let problem = tls.problem { throw complaint(problem) }
        for text in [user, password, virtualHost] {
            if text?.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) ?? false {
                throw complaint("user, password or virtual host has a line break or NUL in it")
            }
        }
    }

    private mutating func take(_ item: ServiceURL.QueryItem) throws(STOMPError) {
        switch item.name {
        case "destination_prefix":
            guard item.isNamePrefix else { throw complaint("destination_prefix may have letters, digits, and the signs . _ - in it") }
            prefix = item.value
        case "connect_timeout":
            guard let limit = item.timeLimit else { throw complaint(item.timeLimitProblem) }
            connectTimeout = limit
        case _ where TLSTerms.optionNames.contains(item.name):
            if let problem = tls.take(item, scheme: "stomp+ssl") { throw complaint(problem) }
        default: throw complaint(item.unknown(among: Self.own + TLSTerms.optionNames))
        }
    }

    private func complaint(_ text: String) -> STOMPError { STOMPError(.options, "\(location): \(text)") }
}
