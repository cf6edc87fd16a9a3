package import CeleryCore

/// The declaration of a queue.
package struct QueueDeclaration: Sendable, Hashable {
    /// Empty to let the server choose.
    package var name: String
    package var isDurable = true
    package var isExclusive = false
    package var isAutoDeleted = false
    package var arguments: JSONObject = [:]

    package init(_ name: String) { self.name = name }
}

/// The state of a queue, as reported by its declaration.
package struct QueueState: Sendable, Hashable {
    package var name: String
    /// Number of ready messages.
    package var messages: Int
    package var consumers: Int
}

/// The declaration of an exchange.
package struct ExchangeDeclaration: Sendable, Hashable {
    package var name: String
    /// `direct`, `topic`, `fanout`, `headers`, or the type of a plugin.
    package var type: String
    package var isDurable = true

    package init(_ name: String, type: String = "direct") {
        self.name = name
        self.type = type
    }
}
