// How to display a URL that may be mistyped: the position of the password is unknown, so anything that may be one is hidden.

extension ServiceURL {
    /// Schemes that may precede a host without `//`, by mistake.
    private static let words = Set(URLScheme.all.map(\.name) + URLScheme.aliases.keys + ["http", "https"])

    /// The text of unparsed URLs with `***` in place of anything that may be a password.
    ///
    /// Without a host (`amqp://user:secret`) the password is in the position of the port.
    package static func redact(_ text: String) -> String {
        split(text).map(redactOne).joined(separator: ";")
    }

    /// A sentence, a command line or any other text, with the passwords of its URLs hidden.
    package static func redact(within text: String) -> String {
        guard text.contains("@") || text.contains(text: "://") else { return text }
        var shown = ""
        for (index, word) in text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
            shown += (index > 0 ? " " : "") + redactWord(word)
        }
        return shown
    }

    /// Whether a query item may be a password, by its name.
    static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["pass", "pwd", "secret", "token"].contains { name.contains(text: $0) }
    }

    /// The same for a word that may not be a URL, such as `w1@host:`, or that ends with a quotation mark or comma.
    private static func redactWord(_ word: Substring) -> String {
        guard word.contains(text: "://") || word.firstIndex(of: ":").map({ word[$0...].contains("@") }) ?? false else { return String(word) }
        let end = word.lastIndex { $0.isLetter || $0.isNumber || "*/@".contains($0) }.map(word.index(after:)) ?? word.endIndex
        let parts = split(String(word[..<end]))
        let shown = parts.map(redactOne)
        return shown == parts ? String(word) : shown.joined(separator: ";") + String(word[end...])
    }

    private static func redactOne(_ text: String) -> String {
        let start = credentials(of: text)
        let rest = text[start...]
        guard let at = rest.lastIndex(of: "@") else { return hidingQuery(text[..<start] + redactHost(rest, of: text)) }
        let user = rest[..<at]
        if let colon = user.firstIndex(of: ":") { return hidingQuery(text[...colon] + "***" + rest[at...]) }
        // After a damaged scheme, the part before `@` may not be a user name.
        let isName = (start == text.startIndex || text.contains(text: "://")) && user.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || "0123456789._%+-".unicodeScalars.contains($0) }
        return hidingQuery(text[..<start] + (isName ? user : "***") + rest[at...])
    }

    /// What follows the scheme, without an `@`: `host:port/path`, or a user and a password.
    private static func redactHost(_ rest: Substring, of text: String) -> Substring {
        if rest.contains(","), text.hasPrefix("mongodb") {
            return rest.split(separator: ",", omittingEmptySubsequences: false).map { redactPort($0, of: text) }.joined(separator: ",")[...]
        }
        guard rest.contains(";"), URLScheme.named(text.prefix { $0 != ":" }.lowercased())?.form == .servers else { return redactPort(rest, of: text) }
        return rest.split(separator: ";", omittingEmptySubsequences: false).map { redactPort($0, of: text) }.joined(separator: ";")[...]
    }

    private static func redactPort(_ rest: Substring, of text: String) -> Substring {
        guard !text.hasPrefix("sqlite:"), !text.hasPrefix("db+sqlite:"), !text.hasPrefix("file:"), !rest.hasPrefix("["),
            let colon = rest[..<(rest.firstIndex { "/?".contains($0) } ?? rest.endIndex)].firstIndex(of: ":")
        else { return rest }
        let port = rest[colon...].dropFirst().prefix { !"/?".contains($0) }
        let isPort = port.utf8.allSatisfy { (0x30...0x39).contains($0) } && port.count <= 5 && Int(port).map { $0 <= 65_535 } ?? true
        return isPort ? rest : rest[...colon] + "***"
    }

    /// Where user and password may begin: after `scheme://`, or after as much of that as there is.
    private static func credentials(of text: String) -> String.Index {
        func past(_ letters: String, from index: String.Index) -> String.Index {
            text[index...].firstIndex { !letters.contains($0) } ?? text.endIndex
        }
        if let separator = text.firstRange(ofText: "://") { return past("/", from: separator.upperBound) }
        let word = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+.-".contains($0)) }
        let colon = past(":", from: word.endIndex)
        let slashes = past("/", from: colon)
        if slashes > colon { return slashes }
        return words.contains(word.lowercased()) ? colon : text.startIndex
    }

    /// `...?password=***`.
    private static func hidingQuery(_ text: Substring) -> String {
        guard let question = text.firstIndex(of: "?") else { return String(text) }
        let pairs = text[question...].dropFirst().split(separator: "&", omittingEmptySubsequences: false).map { (pair: Substring) -> String in
            guard let equals = pair.firstIndex(of: "="), isSecret(String(pair[..<equals])) else { return String(pair) }
            return String(pair[...equals]) + "***"
        }
        return String(text[...question]) + pairs.joined(separator: "&")
    }
}
