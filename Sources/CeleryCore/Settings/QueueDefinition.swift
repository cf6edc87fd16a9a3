/// A queue as a broker with exchanges declares it: what Python Celery calls a `Queue` in `task_queues`.
public struct QueueDefinition: Sendable, Hashable {
    public var name: String
    /// The exchange it is bound to.
    public var exchange: String
    /// `direct`, `topic`, `fanout` or `headers`.
    public var exchangeType = "direct"
    /// The key it is bound with.
    public var routingKey: String
    public var type: QueueType
    /// Makes it a priority queue with priorities up to this; `nil` makes it a plain one.
    public var maxPriority: Int?

    /// The kinds of queue a RabbitMQ server has for tasks.
    public enum QueueType: String, Sendable, CaseIterable {
        /// On one node.
        case classic
        /// Replicated: survives the loss of a minority of nodes.
        case quorum
    }

    /// A queue bound to an exchange of its own name, as Celery makes those it has no other word for.
    public init(_ name: String, type: QueueType = .classic, maxPriority: Int? = nil) {
        self.name = name
        self.type = type
        self.maxPriority = maxPriority
        exchange = name
        routingKey = name
    }
}

extension Settings {
    /// The queue of this name as it is declared: as CELERY_QUEUES has it, or as all others.
    public func definition(of queue: String) -> QueueDefinition {
        queueDefinitions[queue] ?? QueueDefinition(queue, type: queueType, maxPriority: queueType == .quorum ? nil : queueMaxPriority)
    }
}
