import STOMP

/// What servers do differently.
extension STOMPServer {
    /// How a message waits for its time at the server.
    enum Delaying: Sendable {
        /// By a header, if the scheduler is switched on (`schedulerSupport="true"`).
        case scheduler
        /// In a queue whose messages go to another one after a while.
        case queues
        /// Not at all: a worker holds the message.
        case none
    }

    var delaying: Delaying {
        switch kind {
        case .activeMQ, .artemis: .scheduler
        case .rabbitMQ: .queues
        case .other: .none
        }
    }

    /// Seconds: messages with a nearer ETA wait in a worker's memory. A queue has a delay of its own, so RabbitMQ gets few; a minute is
    /// far below the half hour after which it takes back what a worker holds.
    var nearETA: Double {
        switch delaying {
        case .scheduler: 1
        case .queues: 60
        case .none: .infinity
        }
    }

    /// Whether NACK returns a message to its queue. ActiveMQ makes it a dead letter of its own, and others may.
    var returnsByNACK: Bool { kind == .rabbitMQ }

    /// Whether a subscription can be ended while messages are on their way, which then return to their queue. RabbitMQ answers with an
    /// error instead, and keeps such a message until the connection ends.
    var unsubscribesAtOnce: Bool { kind != .rabbitMQ }

    /// Whether a subscription can leave out messages by a header of theirs.
    var selects: Bool { kind == .activeMQ }

    /// The most messages that one subscription asks for. ActiveMQ loads a page of 200 for each (`maxPageSize`), and the next when
    /// something happens to the queue: a larger one could wait for messages that lie there.
    var largestSubscription: Int { kind == .activeMQ ? 100 : .max }

    /// The header of SUBSCRIBE that limits how many messages are delivered and not acknowledged.
    func prefetchHeader(_ count: Int) -> STOMPFrame.Header {
        switch kind {
        case .rabbitMQ: STOMPFrame.Header("prefetch-count", String(count))
        case .artemis: STOMPFrame.Header("consumer-window-size", "1")
        case .activeMQ, .other: STOMPFrame.Header("activemq.prefetchSize", String(count))
        }
    }
}
