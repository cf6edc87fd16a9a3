package import CeleryCore

/// What a server sends of its own accord.
package enum Incoming: Sendable {
    case delivery(IncomingDelivery)
    /// The server has the messages up to this number for good, or will not take them.
    case confirm(number: UInt64, isMultiple: Bool, isTaken: Bool)
    /// A mandatory message that no queue would get.
    case returned(WireMessage, reason: String)
    /// The server ended a subscription: its queue is gone, or its leader has moved.
    case cancelled(consumer: String)
    /// An alarm: no more messages are taken.
    case blocked(reason: String)
    case unblocked
}

/// A message as it was delivered.
package struct IncomingDelivery: Sendable {
    package var channel: UInt16
    package var consumer: String
    /// Counts on its channel, from 1.
    package var tag: UInt64
    package var isRedelivered: Bool
    package var message: WireMessage
}
