package import CeleryCore

/// Input that a server sends unasked.
package enum Incoming: Sendable {
    case delivery(IncomingDelivery)
    /// The server has stored or rejected the message with this number, or all up to this number.
    case confirm(number: UInt64, isMultiple: Bool, isTaken: Bool)
    /// A mandatory message that reached no queue.
    case returned(WireMessage, reason: String)
    /// The server ended a subscription: its queue was deleted, or the queue's leader has moved.
    case cancelled(consumer: String)
    /// A resource alarm: the server accepts no more messages.
    case blocked(reason: String)
    case unblocked
}

/// A delivered message.
package struct IncomingDelivery: Sendable {
    package var channel: UInt16
    package var consumer: String
    /// Delivery tag, counted per channel from 1.
    package var tag: UInt64
    package var isRedelivered: Bool
    package var message: WireMessage
}
