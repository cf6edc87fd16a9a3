import CeleryCore

/// A queue bound to an exchange, as kombu keeps it in a set of Redis: `routing key, pattern, queue`.
struct QueueBinding: Hashable, Sendable {
    var key: String
    /// A regular expression for topic exchanges; empty for others.
    var pattern: String
    var queue: String

    /// The binding of a queue of the settings.
    init(_ definition: QueueDefinition) {
        key = definition.routingKey
        pattern = definition.exchangeType == "topic" ? Self.pattern(of: definition.routingKey) : ""
        queue = definition.name
    }

    init(key: String, queue: String) {
        (self.key, pattern, self.queue) = (key, "", queue)
    }

    /// - Returns: `nil` for a text that is no binding.
    init?(_ text: String, separator: String) {
        var parts: [String] = []
        var rest = text[...]
        while let range = rest.firstRange(ofText: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        guard parts.count == 2, !rest.isEmpty else { return nil }
        (key, pattern, queue) = (parts[0], parts[1], String(rest))
    }

    func text(separator: String) -> String { key + separator + pattern + separator + queue }

    /// Whether a message with this routing key goes to the queue.
    ///
    /// By the rules of kombu, not of AMQP: `#` stands for any text between its full stops.
    func takes(_ routingKey: String) -> Bool {
        guard !pattern.isEmpty else { return key == routingKey }
        return Self.matches(routingKey.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)[...],
            key.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)[...])
    }

    private static func matches(_ words: ArraySlice<Substring.UTF8View>, _ keys: ArraySlice<Substring.UTF8View>) -> Bool {
        guard let key = keys.first else { return words.isEmpty }
        // `.*?` may hold full stops, and nothing.
        if key.elementsEqual("#".utf8) {
            guard !words.isEmpty else { return false }
            return (1...words.count).contains { matches(words.dropFirst($0), keys.dropFirst()) }
        }
        guard let word = words.first, key.elementsEqual("*".utf8) ? !word.isEmpty : word.elementsEqual(key) else { return false }
        return matches(words.dropFirst(), keys.dropFirst())
    }

    /// The regular expression that kombu makes of a binding key: `^a\.[^\.]+$` of `a.*`.
    static func pattern(of key: String) -> String {
        let words = key.split(separator: ".", omittingEmptySubsequences: false).map { word -> String in
            switch word {
            case "*": "[^\\.]+"
            case "#": ".*?"
            default: escaped(word)
            }
        }
        return "^" + words.joined(separator: "\\.") + "$"
    }

    /// As kombu escapes: all but letters, digits, and the signs that have a meaning in keys.
    private static func escaped(_ word: Substring) -> String {
        word.unicodeScalars.reduce(into: "") { text, scalar in
            let isPlain = scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "*" || scalar == "#"
            if !isPlain { text += "\\" }
            text.unicodeScalars.append(scalar)
        }
    }
}

extension Settings {
    /// Where a broker without exchanges puts a message: into the message's own queue, or into the queues that the settings bind to
    /// the message's exchange.
    ///
    /// - Parameters:
    ///   - key: The routing key.
    ///   - lack: Says that there are no exchanges: the end of an error.
    /// - Throws: `DriverError.refused` for an exchange without a queue.
    func queues(of message: Message, key: String, lack: String) throws(DriverError) -> [String] {
        guard let exchange = message.route.exchange else { return [message.route.queue] }
        let bound = queueDefinitions.values.filter { $0.exchange == exchange && ($0.exchangeType == "fanout" || QueueBinding($0).takes(key)) }
        guard !bound.isEmpty else {
            throw DriverError(
                .refused,
                "no queue of the settings is bound to exchange '\(exchange.forLog)' with key '\(key.forLog)', and \(lack)",
                hint: "describe the queue in CELERY_QUEUES, or name the queue alone")
        }
        return bound.map(\.name).sorted()
    }
}
