/// Where a message is sent.
public struct Route: Sendable, Hashable {
    /// The queue name, for brokers and senders that address queues.
    public var queue: String
    /// An exchange other than the default one.
    public var exchange: String?
    public var routingKey: String?

    /// Celery's default queue.
    public static let defaultQueue = "celery"

    public init(queue: String = defaultQueue, exchange: String? = nil, routingKey: String? = nil) {
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
    }
}
