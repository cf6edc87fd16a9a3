package import CeleryCore

/// A message as it travels over AMQP: what a driver sends and receives, and what
/// the embedded broker keeps.
///
/// This room turns bytes into values of `CeleryCore` and back, after Celery's message
/// protocols 1 and 2. Nothing in it does I/O or keeps state; every entry point is a
/// function. A task goes out through `TaskMessageEncoder` and `BodyCodec`, comes in
/// through `TaskMessageDecoder` (headers, in the worker) and `BodyCodec` (arguments,
/// where the task runs), sends on what `Canvas` says, and ends as a `ResultDocument`.
package struct WireMessage: Sendable, Equatable {
    /// Empty for the default exchange, which routes to the queue named by `routingKey`.
    package var exchange: String
    package var routingKey: String
    package var properties: WireProperties
    package var headers: JSONObject
    package var body: [UInt8]

    package init(
        exchange: String = "", routingKey: String, properties: WireProperties = WireProperties(),
        headers: JSONObject = [:], body: [UInt8]
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.headers = headers
        self.body = body
    }
}

/// The properties of an AMQP message that Celery uses; `nil` is absent.
package struct WireProperties: Sendable, Equatable {
    package var contentType: String?
    package var contentEncoding: String?
    /// 2 is kept on disk, 1 in memory.
    package var deliveryMode: Int?
    package var priority: Int?
    package var correlationID: String?
    package var replyTo: String?
    /// Milliseconds until the broker drops the message, as digits.
    package var expiration: String?

    package init(
        contentType: String? = nil, contentEncoding: String? = nil, deliveryMode: Int? = nil, priority: Int? = nil,
        correlationID: String? = nil, replyTo: String? = nil, expiration: String? = nil
    ) {
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.deliveryMode = deliveryMode
        self.priority = priority
        self.correlationID = correlationID
        self.replyTo = replyTo
        self.expiration = expiration
    }
}
