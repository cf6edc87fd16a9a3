package import CeleryCore

/// A queue as it is declared.
package struct QueueDeclaration: Sendable, Hashable {
    /// Empty lets the server choose.
    package var name: String
    package var isDurable = true
    package var isExclusive = false
    package var isAutoDeleted = false
    package var arguments: JSONObject = [:]

    package init(_ name: String) { self.name = name }
}

/// What a declaration tells of a queue.
package struct QueueState: Sendable, Hashable {
    package var name: String
    /// Ready to be delivered.
    package var messages: Int
    package var consumers: Int
}

/// An exchange as it is declared.
package struct ExchangeDeclaration: Sendable, Hashable {
    package var name: String
    /// `direct`, `topic`, `fanout`, `headers`, or what a plugin adds.
    package var type: String
    package var isDurable = true

    package init(_ name: String, type: String = "direct") {
        self.name = name
        self.type = type
    }
}
