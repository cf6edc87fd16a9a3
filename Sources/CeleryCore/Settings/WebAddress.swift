import Glibc

/// Where `celery web` listens: `ADDRESS:PORT`, or `unix:PATH`.
public enum WebAddress: Sendable, Hashable, CustomStringConvertible {
    /// A numeric address, without the brackets of IPv6; port 0 takes a free one.
    case network(host: String, port: UInt16)
    /// A socket in the file system.
    case file(String)

    /// 127.0.0.1:5555, as Flower's port.
    public static let standard = WebAddress.network(host: "127.0.0.1", port: 5555)

    /// - Returns: `nil` for anything else; `localhost` is 127.0.0.1, and a host's name is none.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            // sun_path has room for 107 bytes and a zero.
            guard (1...107).contains(path.utf8.count), !path.utf8.contains(0) else { return nil }
            self = .file(path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else { return nil }
        var host = String(text[..<colon])
        if host == "localhost" { host = "127.0.0.1" }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard Self.isNumeric(host, AF_INET6) else { return nil }
        } else {
            guard Self.isNumeric(host, AF_INET) else { return nil }
        }
        self = .network(host: host, port: port)
    }

    /// Whether only this machine can reach it.
    public var isLocal: Bool {
        switch self {
        case .file: true
        case .network(let host, _): host.hasPrefix("127.") || host == "::1"
        }
    }

    /// As in settings: `[::1]:5555`.
    public var description: String {
        switch self {
        case .file(let path): "unix:\(path)"
        case .network(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    private static func port(_ text: Substring) -> UInt16? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt16(text)
    }

    private static func isNumeric(_ host: String, _ family: Int32) -> Bool {
        var address = in6_addr()
        return inet_pton(family, host, &address) == 1
    }
}
