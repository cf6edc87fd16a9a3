/// What is wrong with the text of a URL: lower case, no password.
package struct ServiceURLError: Error, Hashable, CustomStringConvertible {
    package var message: String
    package var description: String { message }
}

extension ServiceURL {
    /// Parses one URL.
    ///
    /// An `@`, `:` or `#` in a password need not be escaped; a `/`, `?` or `%` must be.
    package init(_ text: String) throws(ServiceURLError) {
        guard let (scheme, rest) = Self.splitScheme(text[...]) else {
            throw ServiceURLError(message: "'\(Self.redact(text))' is not a URL: it has no scheme such as amqp://")
        }
        guard !text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) else {
            throw ServiceURLError(message: "'\(Self.redact(text))' has a space or control character in it")
        }
        let name = scheme.lowercased()
        self.init(scheme: URLScheme.aliases[name] ?? name)
        let question = rest.firstIndex(of: "?")
        let place = rest[..<(question ?? rest.endIndex)]
        if let question { query = try Self.readQuery(rest[rest.index(after: question)...], of: text) }
        if namesFolder {
            try readFolder(place, of: text)
        } else if namesFile {
            let host = place.hasPrefix("//") ? place.dropFirst(2).prefix { $0 != "/" } : ""
            guard host.firstIndex(of: ":").map({ !host[$0...].contains("@") }) ?? true else {
                throw ServiceURLError(message: "'\(Self.redact(text))' names a host; write \(scheme):///path/to/file.db")
            }
            path = try Self.decode(filePart(place), of: text)
            guard !path.isEmpty, !path.hasSuffix("/"), path != ":memory:" else {
                throw ServiceURLError(message: "'\(Self.redact(text))' names no file; write \(scheme):///path/to/file.db")
            }
        } else if namesServers {
            try readServers(place, of: text)
        } else {
            guard place.hasPrefix("//") else {
                throw ServiceURLError(message: "'\(Self.redact(text))' is not a URL: write \(scheme)://host")
            }
            let remote = place.dropFirst(2)
            let slash = remote.firstIndex(of: "/") ?? remote.endIndex
            guard !remote[slash...].contains("@") else {
                let advice = "write / in a user or password as %2F, @ after it as %40"
                throw ServiceURLError(message: "'\(Self.redact(text))' has an @ after a slash; \(advice)")
            }
            path = try Self.decode(remote[slash...], of: text)
            try readAuthority(remote[..<slash], of: text)
        }
    }

    /// Parses several URLs separated by `;` or `,`: alternatives, tried in order.
    ///
    /// A separator counts only before another `scheme:`, so a file name may contain a comma.
    package static func alternatives(_ text: String) throws(ServiceURLError) -> [ServiceURL] {
        var urls: [ServiceURL] = []
        for part in split(text) { urls.append(try ServiceURL(part)) }
        return urls
    }

    static func split(_ text: String) -> [String] {
        var parts: [String] = []
        var start = text.startIndex
        for index in text.indices where text[index] == ";" || text[index] == "," {
            let next = text.index(after: index)
            // An empty last part is a trailing separator.
            if next == text.endIndex || splitScheme(text[next...])?.rest.hasPrefix("//") == true {
                if start < index { parts.append(String(text[start..<index])) }
                start = next
            }
        }
        if start < text.endIndex || parts.isEmpty { parts.append(String(text[start...])) }
        return parts
    }

    private static func splitScheme(_ text: Substring) -> (scheme: String, rest: Substring)? {
        guard let colon = text.firstIndex(of: ":"), let first = text.utf8.first else { return nil }
        let scheme = text[..<colon]
        let isLetter = { (byte: UInt8) in (0x61...0x7A).contains(byte | 0x20) }
        guard isLetter(first),
            scheme.utf8.allSatisfy({ isLetter($0) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0) })
        else { return nil }
        return (String(scheme), text[text.index(after: colon)...])
    }

    /// The file name in `//...` or `...`; see the table at `ServiceURL`.
    private func filePart(_ place: Substring) -> Substring {
        guard place.hasPrefix("//") else { return place }
        let remote = place.dropFirst(2)
        return scheme == "db+sqlite" && remote.hasPrefix("/") ? remote.dropFirst() : remote
    }

    /// Reads `///path/to/folder`.
    private mutating func readFolder(_ place: Substring, of text: String) throws(ServiceURLError) {
        var name = place.hasPrefix("//") ? place.dropFirst(2) : ""
        if name.hasPrefix("localhost/") { name = name.dropFirst("localhost".count) }
        while name.count > 1, name.hasSuffix("/") { name = name.dropLast() }
        guard !name.isEmpty else {
            throw ServiceURLError(message: "'\(Self.redact(text))' names no folder; write \(scheme):///path/to/folder")
        }
        path = String(name)
    }

    /// Reads `//host:port;host2:port/`, and paths of sockets in the place of hosts.
    private mutating func readServers(_ place: Substring, of text: String) throws(ServiceURLError) {
        guard place.hasPrefix("//") else {
            throw ServiceURLError(message: "'\(Self.redact(text))' is not a URL: write \(scheme)://host:11211/")
        }
        guard !place.contains("@") else {
            throw ServiceURLError(message: "'\(Self.redact(text))' names a user, but Memcached is used without a password")
        }
        var list = place.dropFirst(2)
        while list.hasSuffix("/") { list = list.dropLast() }
        servers = list.split(separator: ";").map(String.init)
    }

    private mutating func readAuthority(_ authority: Substring, of text: String) throws(ServiceURLError) {
        var hostPart = authority
        if let at = authority.lastIndex(of: "@") {
            let credentials = authority[..<at]
            hostPart = authority[authority.index(after: at)...]
            let colon = credentials.firstIndex(of: ":") ?? credentials.endIndex
            user = try Self.decode(credentials[..<colon], of: text)
            if colon < credentials.endIndex { password = try Self.decode(credentials[colon...].dropFirst(), of: text) }
        }
        if scheme == "mongodb", hostPart.contains(",") {
            servers = hostPart.split(separator: ",").map(String.init)
            guard !servers.isEmpty, servers.allSatisfy(Self.isServer) else { throw Self.badPort(text) }
            return
        }
        var portPart: Substring?
        if hostPart.hasPrefix("["), let bracket = hostPart.firstIndex(of: "]") {
            host = String(hostPart[..<bracket].dropFirst())
            let after = hostPart[hostPart.index(after: bracket)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw Self.badPort(text) }
            portPart = after.isEmpty ? nil : after.dropFirst()
        } else {
            let colon = hostPart.firstIndex(of: ":") ?? hostPart.endIndex
            host = colon == hostPart.startIndex ? nil : try Self.decode(hostPart[..<colon], of: text)
            portPart = colon == hostPart.endIndex ? nil : hostPart[colon...].dropFirst()
        }
        if let portPart {
            guard portPart.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(portPart),
                (1...65_535).contains(number)
            else { throw Self.badPort(text) }
            port = number
        }
        if let host, host.contains(where: { ",;/".contains($0) }) {
            throw ServiceURLError(
                message: "'\(Self.redact(text))' has no usable host; write alternatives as whole URLs, separated by ';'")
        }
    }

    /// Whether a text is `host` or `host:port`; an address of IPv6 has brackets.
    private static func isServer(_ text: String) -> Bool {
        let rest = text.hasPrefix("[") ? text.drop { $0 != "]" }.dropFirst() : text.drop { $0 != ":" }
        guard !rest.isEmpty else { return true }
        guard rest.hasPrefix(":"), rest.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(rest.dropFirst()) else { return false }
        return (1...65_535).contains(port)
    }

    private static func badPort(_ text: String) -> ServiceURLError {
        ServiceURLError(message: "the port in '\(redact(text))' must be a whole number from 1 to 65535")
    }

    private static func readQuery(_ query: Substring, of text: String) throws(ServiceURLError) -> [QueryItem] {
        var items: [QueryItem] = []
        for pair in query.split(separator: "&") {
            let equals = pair.firstIndex(of: "=") ?? pair.endIndex
            items.append(
                QueryItem(
                    name: try decode(pair[..<equals], of: text),
                    value: equals == pair.endIndex ? "" : try decode(pair[equals...].dropFirst(), of: text)))
        }
        return items
    }

    private static func decode(_ part: Substring, of text: String) throws(ServiceURLError) -> String {
        guard let decoded = PercentCoding.decode(part) else {
            throw ServiceURLError(message: "'\(redact(text))' has a broken escape; write % itself as %25")
        }
        return decoded
    }
}
