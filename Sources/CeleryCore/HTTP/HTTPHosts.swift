/// The hosts that a URL in a message may name: CELERY_HTTP_HOSTS.
///
/// An entry is a name, `*.NAME` for all names below, an address or a network; each may have a port. A name is no leave to
/// connect to the inside: what it resolves to must be a public address, or one that an entry lists.
package struct HTTPHosts: Sendable, Hashable {
    /// The entries as written.
    package let texts: [String]
    private let entries: [Entry]

    private struct Entry: Sendable, Hashable {
        var name: Name
        /// `nil` is any.
        var port: Int?

        enum Name: Sendable, Hashable {
            case host(String)
            /// With its leading dot.
            case below(String)
            case network(NetworkRange)
        }
    }

    /// No hosts.
    package init() { (texts, entries) = ([], []) }

    /// - Throws: `HTTPAddressError` with the first entry that is none: `contains "a b", which …`.
    package init(_ texts: [String]) throws(HTTPAddressError) {
        self.texts = texts
        var entries: [Entry] = []
        for text in texts { entries.append(try Self.entry(text)) }
        self.entries = entries
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// Whether a message may name this URL. Its address has to be checked as well, when it is known.
    package func list(_ address: HTTPAddress) -> Bool {
        guard address.scheme != .unix else { return false }
        let host = address.host.hasSuffix(".") ? String(address.host.dropLast()) : address.host
        return entries.contains { entry in
            if let port = entry.port, port != address.effectivePort { return false }
            return switch entry.name {
            case .host(let name): name == host
            case .below(let suffix): host.hasSuffix(suffix) && host.utf8.count > suffix.utf8.count
            case .network(let range): NetworkAddress(host).map(range.contains) ?? false
            }
        }
    }

    /// Whether a connection to this address may be made for a URL that is listed.
    ///
    /// - Parameter host: The host of the URL. A listed `localhost` may be at a loopback address.
    package func permits(_ address: NetworkAddress, of host: String) -> Bool {
        if address.isPublic || (host == "localhost" && address.isLoopback) { return true }
        return entries.contains { if case .network(let range) = $0.name { range.contains(address) } else { false } }
    }

    private static func entry(_ text: String) throws(HTTPAddressError) -> Entry {
        if let range = NetworkRange(text) { return Entry(name: .network(range)) }
        let isBelow = text.hasPrefix("*.")
        do throws(HTTPAddressError) {
            let address = try HTTPAddress("http://\(isBelow ? text.dropFirst(2) : text[...])")
            guard address.target == "/", !text.hasSuffix("/"), !text.utf8.contains(UInt8(ascii: "/")) else { throw HTTPAddressError("has a path") }
            if !isBelow, let single = NetworkRange(address.host) { return Entry(name: .network(single), port: address.port) }
            return Entry(name: isBelow ? .below("." + address.host) : .host(address.host), port: address.port)
        } catch {
            throw HTTPAddressError(
                "contains \"\(text.forLog)\", which is no host; write names without http://, such as \"api.example.com\", \"*.example.com\" or \"10.0.0.0/8\"")
        }
    }
}
