import CeleryCore

/// The target of a request, taken apart: strictly, for what a proxy in front of us reads otherwise than we do is an attack.
package struct WebTarget: Sendable, Equatable {
    /// The decoded parts between the slashes.
    package var path: [String]
    /// Whether the path ends with a slash.
    package var endsWithSlash: Bool
    /// The decoded parameters, in their order. A name occurs once.
    package var query: [WebField]

    /// Bytes of the longest target.
    package static let longest = 4_096
    /// Most parameters.
    package static let mostParameters = 32

    /// - Throws: `WebRefusal` with 400 or 414.
    package init(parsing text: String) throws(WebRefusal) {
        guard text.utf8.count <= Self.longest else { throw WebRefusal(414, "the address is longer than \(Self.longest) bytes") }
        // The absolute form is for proxies; a server without a path, `*`, has nothing to say.
        guard text.hasPrefix("/"), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw WebRefusal(400, "the address is not a path")
        }
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var segments = parts[0].split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        endsWithSlash = segments.last?.isEmpty == true
        if endsWithSlash { segments = segments.dropLast() }
        path = []
        for segment in segments { path.append(try Self.segment(segment)) }
        query = parts.count > 1 ? try Self.parameters(parts[1]) : []
    }

    private static func segment(_ text: Substring) throws(WebRefusal) -> String {
        guard let decoded = PercentCoding.decode(text) else { throw WebRefusal(400, "the address is not well encoded") }
        guard !decoded.isEmpty, decoded != ".", decoded != "..", decoded.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") })
        else { throw WebRefusal(400, "the address has an impossible part") }
        return decoded
    }

    /// Parameters as forms write them: with `+` for a space. A name occurs once.
    ///
    /// - Throws: `WebRefusal` with 400.
    package static func parameters(_ text: some StringProtocol) throws(WebRefusal) -> [WebField] {
        var fields: [WebField] = []
        for part in text.split(separator: "&") {
            guard fields.count < mostParameters else { throw WebRefusal(400, "there are more than \(mostParameters) parameters") }
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(pair[0]), let value = pair.count > 1 ? decoded(pair[1]) : "" else {
                throw WebRefusal(400, "a parameter is not well encoded")
            }
            guard !fields.contains(where: { $0.name == name }) else { throw WebRefusal(400, "a parameter is given twice") }
            fields.append(WebField(name, value))
        }
        return fields
    }

    private static func decoded(_ text: some StringProtocol) -> String? {
        let spaced = String(decoding: text.utf8.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
        return PercentCoding.decode(spaced)
    }
}
