/// The URL of an HTTP task: `https://host:port/path?query`, or `http+unix://%2Frun%2Fapp.sock/path` for a Unix socket.
///
/// Reads less than RFC 3986 allows, so that no other reader can understand a text differently: printable ASCII, no user name, and
/// no fragment. Host and path are kept as written but for the case of the host.
package struct HTTPAddress: Sendable, Hashable {
    package enum Scheme: String, Sendable, Hashable, CaseIterable {
        case http
        case https
        case unix = "http+unix"
    }

    package let scheme: Scheme
    /// In lower case; an IPv6 address without its brackets. `localhost` for a Unix socket.
    package let host: String
    /// `nil` is that of the scheme.
    package let port: Int?
    /// The path of the Unix socket.
    package let socket: String?
    /// Path and query: begins with a slash.
    package var target: String

    /// - Throws: `HTTPAddressError`.
    package init(_ text: String) throws(HTTPAddressError) {
        guard !text.isEmpty else { throw HTTPAddressError("is empty") }
        guard text.utf8.count <= 8_192 else { throw HTTPAddressError("is longer than 8192 bytes") }
        guard let mark = text.firstRange(ofText: "://"),
            let scheme = Scheme(rawValue: text[..<mark.lowerBound].lowercased())
        else { throw HTTPAddressError("must begin with https://, http:// or http+unix://") }
        self.scheme = scheme
        let rest = text[mark.upperBound...]
        let end = rest.utf8.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.utf8.contains(UInt8(ascii: "@")) else {
            throw HTTPAddressError("contains a user name; write an Authorization header instead")
        }
        if scheme == .unix {
            guard let path = PercentCoding.decode(authority), path.hasPrefix("/"), path.utf8.count <= 107 else {
                throw HTTPAddressError("must name the socket by an absolute path of up to 107 bytes, as in http+unix://%2Frun%2Fapp.sock/")
            }
            (socket, host, port) = (path, "localhost", nil)
        } else {
            socket = nil
            (host, port) = try Self.place(authority)
        }
        target = try Self.target(rest[end...])
    }

    /// The URL for libcurl, which is told the socket apart.
    package var text: String { (scheme == .unix ? "http://localhost" : "\(scheme.rawValue)://\(authority)") + target }

    /// Host and port as in a Host header: without the usual port of the scheme.
    package var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return effectivePort == Self.usualPort(scheme) ? name : "\(name):\(effectivePort)"
    }

    /// The port in effect.
    package var effectivePort: Int { port ?? Self.usualPort(scheme) }

    private static func usualPort(_ scheme: Scheme) -> Int { scheme == .https ? 443 : 80 }

    /// What two URLs of one server share: scheme, host and port, or the socket.
    package var origin: String { socket.map { "http+unix:\($0)" } ?? "\(scheme.rawValue)://\(host):\(effectivePort)" }

    /// For display: without the query, which may hold a secret.
    package var shown: String {
        let path = target.utf8.firstIndex(of: UInt8(ascii: "?")).map { String(target[..<$0]) } ?? target
        return socket.map { "http+unix://\($0):\(path)" } ?? "\(scheme.rawValue)://\(authority)\(path)"
    }

    /// The address that a Location header names, seen from this one; `nil` if it is none.
    package func resolving(_ location: String) -> HTTPAddress? {
        // A fragment is for the reader alone.
        let location = location.prefix { $0 != "#" }
        if location.prefix(while: { $0 != "/" && $0 != "?" }).utf8.contains(UInt8(ascii: ":")) { return try? HTTPAddress(String(location)) }
        if location.hasPrefix("//") { return scheme == .unix ? nil : try? HTTPAddress("\(scheme.rawValue):\(location)") }
        let path = target.utf8.firstIndex(of: UInt8(ascii: "?")).map { target[..<$0] } ?? target[...]
        var moved = self
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[...$0] } ?? "/"
        let new: String =
            switch location.first {
            case nil: target
            case "/": String(location)
            case "?": String(path + location)
            default: String(folder + location)
            }
        guard let target = try? Self.target(new[...]) else { return nil }
        moved.target = target
        return moved
    }

    private static func place(_ authority: Substring) throws(HTTPAddressError) -> (host: String, port: Int?) {
        var host = authority
        var port: Int?
        let afterHost = authority.hasPrefix("[") ? authority.utf8.lastIndex(of: UInt8(ascii: "]")) ?? authority.startIndex : authority.startIndex
        if let colon = authority[afterHost...].utf8.lastIndex(of: UInt8(ascii: ":")) {
            let digits = authority[authority.utf8.index(after: colon)...]
            guard digits.utf8.count <= 5, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits), 1...65_535 ~= number else {
                throw HTTPAddressError("has a port that is not a number from 1 to 65535")
            }
            port = number
            host = authority[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            let inner = host.dropFirst().dropLast().lowercased()
            guard NetworkAddress(inner)?.bytes.count == 16 else { throw HTTPAddressError("has no IPv6 address in its brackets") }
            return (inner, port)
        }
        let isName = host.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "-._".utf8.contains(byte)
        }
        guard !host.isEmpty, host.utf8.count <= 253, isName else {
            throw HTTPAddressError("has no host of letters, digits, dots and hyphens; write international names in the form xn--")
        }
        return (host.lowercased(), port)
    }

    private static func target(_ text: Substring) throws(HTTPAddressError) -> String {
        guard !text.utf8.contains(UInt8(ascii: "#")) else { throw HTTPAddressError("has a fragment, which is not sent") }
        let forbidden = Array("\"<>\\^`{|}".utf8)
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !forbidden.contains($0) }) else {
            throw HTTPAddressError("contains a character that has to be percent-encoded")
        }
        return text.hasPrefix("/") ? String(text) : "/" + text
    }
}

/// Why a text is no URL of an HTTP task, to follow the name of the text: `has no host …`.
package struct HTTPAddressError: Error, Sendable, Hashable {
    package let text: String

    init(_ text: String) { self.text = text }
}
