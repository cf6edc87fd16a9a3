/// A queue as a broker with exchanges declares it: a `Queue` in Python Celery's `task_queues`.
public struct QueueDefinition: Sendable, Hashable {
    public var name: String
    /// The exchange it is bound to.
    public var exchange: String
    /// `direct`, `topic`, `fanout` or `headers`.
    public var exchangeType = "direct"
    /// The binding key.
    public var routingKey: String
    public var type: QueueType
    /// Makes it a priority queue with priorities up to this; `nil` makes it a plain queue.
    public var maxPriority: Int?
    /// Whether the broker deletes the queue as soon as its consumer leaves. It is bound to no exchange.
    package private(set) var isTemporary = false

    /// The RabbitMQ queue types for tasks.
    public enum QueueType: String, Sendable, CaseIterable {
        /// On one node.
        case classic
        /// Replicated: survives the loss of a minority of nodes.
        case quorum
    }

    /// A queue bound to an exchange of the same name, as Celery declares queues without a definition.
    public init(_ name: String, type: QueueType = .classic, maxPriority: Int? = nil) {
        self.name = name
        self.type = type
        self.maxPriority = maxPriority
        exchange = name
        routingKey = name
    }

    /// A queue for a few seconds.
    package init(temporary name: String) {
        self.init(name)
        isTemporary = true
    }
}

extension Settings {
    /// How to declare a queue: by CELERY_QUEUES, or by the defaults; a queue for probes is temporary.
    public func definition(of queue: String) -> QueueDefinition {
        if queue.hasPrefix(Probe.queuePrefix) { return QueueDefinition(temporary: queue) }
        return queueDefinitions[queue] ?? QueueDefinition(queue, type: queueType, maxPriority: queueType == .quorum ? nil : queueMaxPriority)
    }
}
