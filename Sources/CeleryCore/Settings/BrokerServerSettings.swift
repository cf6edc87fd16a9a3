/// The settings of `celery broker`, and of its clients.
public struct BrokerServerSettings: Sendable, Equatable {
    public var address = BrokerAddress.standard
    /// The file with the secret key of the server, absolute.
    public var keyFile: String
    /// The allow list, absolute.
    public var clientsFile: String
    /// The file with the secret key by which a client is known, absolute.
    public var clientKeyFile: String
    public var logFile: String
    public var logLevel = "INFO"
    public var pidFile: String

    /// - Parameter folder: Of the project, with a final slash.
    init(folder: String) {
        keyFile = folder + "celerybroker.key"
        clientsFile = folder + "celerybroker.clients"
        clientKeyFile = folder + "celeryclient.key"
        logFile = folder + "celerybroker.log"
        pidFile = folder + "celerybroker.pid"
    }
}

/// Where `celery broker` listens: `tcp://ADDRESS:PORT`, where `*` stands for all addresses of this machine.
public struct BrokerAddress: Sendable, Hashable, CustomStringConvertible {
    /// A numeric address without the brackets of IPv6, or `*`.
    public var host: String
    /// 0 takes a free one.
    public var port: UInt16

    /// tcp://127.0.0.1:5556.
    public static let standard = BrokerAddress(host: "127.0.0.1", port: 5_556)

    private init(host: String, port: UInt16) { (self.host, self.port) = (host, port) }

    /// - Returns: `nil` for anything else; `tcp://` may be left out, `localhost` is 127.0.0.1, and a host's name is none.
    public init?(_ text: String) {
        let text = text.hasPrefix("tcp://") ? String(text.dropFirst("tcp://".count)) : text
        if text.hasPrefix("*:"), case .network(_, let port)? = WebAddress("0.0.0.0" + text.dropFirst()) {
            self.init(host: "*", port: port)
        } else if case .network(let host, let port)? = WebAddress(text) {
            self.init(host: host, port: port)
        } else {
            return nil
        }
    }

    /// Whether only this machine can reach it.
    public var isLocal: Bool { host != "*" && WebAddress.network(host: host, port: port).isLocal }

    /// As ZeroMQ and the settings write it.
    public var description: String { "tcp://" + (host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)") }
}
