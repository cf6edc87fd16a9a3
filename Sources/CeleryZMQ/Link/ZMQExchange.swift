import CeleryCore

/// A request under way, and who waits for its answer.
struct ZMQExchange: Sendable {
    let number: UInt64
    /// The packed `RequestEnvelope`.
    let bytes: [UInt8]
    let end: @Sendable (Result<ReplyEnvelope, ZMQLoss>) -> Void
}

/// Why there is no answer.
struct ZMQLoss: Error {
    var error: DriverError
    /// Whether the server may have heard the request.
    var wasSent: Bool
}

/// What the thread of a link is asked for.
enum ZMQJob: Sendable {
    case ask(ZMQExchange)
    /// Ends the waiting of an earlier request; it is answered all the same.
    case cancel(UInt64)
}
