/// The properties of an AMQP message that Celery uses; `nil` when absent.
package struct WireProperties: Sendable, Equatable {
    package var contentType: String?
    package var contentEncoding: String?
    /// 2 is stored on disk, 1 in memory.
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
