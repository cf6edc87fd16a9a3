package import CeleryCore
package import Streams

/// How to connect to one AMQP 1.0 server, read from its URL.
///
/// | URL | server |
/// |---|---|
/// | `amqp10://user:password@host:5672/vhost` | by TCP; the path is RabbitMQ's virtual host |
/// | `amqps10://user:password@host:5671` | by TLS |
package struct ProtonOptions: Sendable, Hashable {
    package var host: String
    package var port: Int
    package var user: String?
    package var password: String?
    /// What AMQP calls so. RabbitMQ takes the name of a virtual host after `vhost:`; Broker-J that of its virtual host.
    package var hostname: String
    /// Time limit for the connection, and again for handshake and login.
    package var connectTimeout: Duration
    package var tls: TLSTerms?
    /// Before the name of every queue and topic: most servers have no virtual hosts, so this keeps projects apart.
    package var prefix = ""
    /// Which form task messages have: 1 puts all into the body, for readers whom the server shows nothing else.
    package var taskProtocol = 2
    /// For how long the server may be silent. It is told, and gives signs of life at least twice as often.
    package var silence = Self.longestSilence
    /// For display, without the password.
    package var location: String

    /// A dead connection is noticed within ten seconds.
    package static let longestSilence: Duration = .seconds(8)

    private static let own = ["destination_prefix", "hostname", "task_protocol", "connect_timeout"]

    /// - Throws: `ProtonError.Code.options`, naming the option.
    package init(_ url: ServiceURL, connectTimeout: Duration = .seconds(4)) throws(ProtonError) {
        host = url.host ?? "localhost"
        tls = url.isEncrypted ? TLSTerms() : nil
        port = url.usedPort
        user = url.user.flatMap { $0.isEmpty ? nil : $0 }
        password = url.password
        hostname = url.path.count > 1 ? "vhost:" + url.virtualHost : url.host ?? "localhost"
        self.connectTimeout = connectTimeout
        location = url.location
        try url.takeOptions(complaint) { (item) throws(ProtonError) in try take(item) }
        if let problem = tls.problem { throw complaint(problem) }
        if password != nil, user == nil { throw complaint("it has a password without a user") }
    }

    private mutating func take(_ item: ServiceURL.QueryItem) throws(ProtonError) {
        switch item.name {
        case "destination_prefix":
            guard item.isNamePrefix else { throw complaint("destination_prefix may have letters, digits, and the signs . _ - in it") }
            prefix = item.value
        case "hostname":
            guard !item.value.isEmpty else { throw complaint("hostname must be a name") }
            hostname = item.value
        case "task_protocol":
            guard let number = Int(item.value), number == 1 || number == 2 else { throw complaint("task_protocol must be 1 or 2") }
            taskProtocol = number
        case "connect_timeout":
            guard let limit = item.timeLimit else { throw complaint(item.timeLimitProblem) }
            connectTimeout = limit
        case _ where TLSTerms.optionNames.contains(item.name):
            if let problem = tls.take(item, scheme: "amqps10") { throw complaint(problem) }
        default: throw complaint(item.unknown(among: Self.own + TLSTerms.optionNames))
        }
    }

    private func complaint(_ text: String) -> ProtonError { ProtonError(.options, "\(location): \(text)") }
}
