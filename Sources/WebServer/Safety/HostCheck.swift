import Glibc

/// Checks whom a request is for. A page of a foreign site can give its name the address of this server (DNS rebinding) and then
/// read what it likes; but the browser still says that name.
package struct HostCheck: Sendable {
    /// In lower case.
    private let names: Set<String>

    /// - Parameter names: By which the server may be called, besides `localhost` and any address: a name is what the attack needs.
    package init(_ names: [String]) { self.names = Set(names.map { $0.lowercased() } + ["localhost"]) }

    /// - Throws: `WebRefusal` with 421, or 400 without a Host header.
    package func check(_ request: WebRequest) throws(WebRefusal) {
        guard let host = request.header("host") else { throw WebRefusal(400, "there is no Host header") }
        guard let name = Self.name(host), names.contains(name.lowercased()) || Self.isAddress(name) else {
            throw WebRefusal(421, "this server is not called by that name; CELERY_WEB_HOSTS lists its names")
        }
    }

    /// The name without its port; `nil` for what is no host.
    static func name(_ host: String) -> String? {
        let colon = UInt8(ascii: ":")
        var name = host[...]
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            let rest = host[host.index(after: end)...]
            guard rest.isEmpty || isPort(rest) else { return nil }
            name = host[host.index(after: host.startIndex)..<end]
            return name.utf8.contains(colon) ? String(name) : nil
        }
        if let end = host.firstIndex(of: ":") {
            guard isPort(host[end...]) else { return nil }
            name = host[..<end]
        }
        return name.isEmpty ? nil : String(name)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.hasPrefix(":") && (2...6).contains(text.utf8.count) && text.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isAddress(_ name: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1
    }
}
