/// One server of several that share the keys among them.
package struct MemcachedServer: Sendable, Hashable, CustomStringConvertible {
    package var host: String
    package var port: Int
    /// Path of a socket, which replaces host and port.
    package var socketPath: String?

    package init(host: String, port: Int = 11211) {
        self.host = host
        self.port = port
    }

    /// Reads what Python's client reads: `host`, `host:port`, `[address]:port`, `/path/to/socket`, `unix:/path/to/socket`.
    ///
    /// - Returns: `nil` for what is none of them.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        self.init(host: text)
        if let path = text.hasPrefix("/") ? text : text.hasPrefix("unix:/") ? String(text.dropFirst(5)) : nil {
            guard path.count > 1 else { return nil }
            (host, socketPath) = ("", path)
            return
        }
        if !text.hasSuffix("]"), let colon = text.lastIndex(of: ":") {
            let digits = text[text.index(after: colon)...]
            guard let number = Int(digits), (1...65_535).contains(number), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                return nil
            }
            (host, port) = (String(text[..<colon]), number)
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            // An address of IPv6 without its brackets, whose end cannot be told from a port.
            return nil
        }
        guard !host.isEmpty, !host.contains(where: { " /@[]?#".contains($0) }) else { return nil }
    }

    /// By this name Python's client chooses among several servers.
    package var node: String { socketPath ?? "\(host):\(port)" }

    package var description: String { socketPath ?? (host.contains(":") ? "[\(host)]:\(port)" : node) }
}
