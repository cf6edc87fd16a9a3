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
    package static let schemes = ["stomp", "stomp+ssl"]

    private static let own = ["destination_prefix", "connect_timeout"]

    /// - Throws: `STOMPError.Code.options`, naming the option.
    package init(_ url: ServiceURL, connectTimeout: Duration = .seconds(4)) throws(STOMPError) {
        host = url.host ?? "localhost"
        tls = url.scheme == "stomp+ssl" ? TLSTerms() : nil
        port = url.port ?? (tls == nil ? 61_613 : 61_614)
        user = url.user.flatMap { $0.isEmpty ? nil : $0 }
        password = url.password
        virtualHost = url.virtualHost
        self.connectTimeout = connectTimeout
        var shown = url
        shown.query = []
        location = shown.redacted
        var seen: Set<String> = []
        for item in url.query {
            guard seen.insert(item.name).inserted else { throw complaint("option '\(item.name)' is given twice") }
            try take(item)
        }
        if (tls?.certificate == nil) != (tls?.key == nil) { throw complaint("ssl_certfile and ssl_keyfile must be given together") }
        for text in [user, password, virtualHost] {
            if text?.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) ?? false {
                throw complaint("user, password or virtual host has a line break or NUL in it")
            }
        }
    }

    private mutating func take(_ item: ServiceURL.QueryItem) throws(STOMPError) {
        switch item.name {
        case "destination_prefix":
            guard item.value.utf8.allSatisfy(Self.isPlain) else {
                throw complaint("destination_prefix may have letters, digits, and the signs . _ - in it")
            }
            prefix = item.value
        case "connect_timeout":
            guard let seconds = Double(item.value), seconds > 0, seconds <= 3_600 else {
                throw complaint("connect_timeout must be a number of seconds, up to 3600")
            }
            connectTimeout = .seconds(seconds)
        case _ where TLSTerms.optionNames.contains(item.name):
            guard tls != nil else { throw complaint("\(item.name) needs stomp+ssl://") }
            if let text = tls?.take(item.name, item.value) { throw complaint(text) }
        default:
            let nearest = NearestName.suggest(item.name, among: Self.own + TLSTerms.optionNames).map { "; did you mean '\($0)'?" } ?? ""
            throw complaint("unknown option '\(item.name)'\(nearest)")
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "._-".utf8.contains(byte)
    }

    private func complaint(_ text: String) -> STOMPError { STOMPError(.options, "\(location): \(text)") }
}
