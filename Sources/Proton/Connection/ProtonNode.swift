/// A queue or topic at a server.
package struct ProtonNode: Sendable, Hashable {
    /// Its address; the others are tried in their order when the server has no such node, or another of that name.
    package var addresses: [String]
    /// What is meant, for servers that keep queues and topics apart.
    package var capability: String?
    /// Whether a server that makes the node shall keep it.
    package var isDurable: Bool

    package init(_ addresses: [String], capability: String? = nil, isDurable: Bool = true) {
        self.addresses = addresses
        self.capability = capability
        self.isDurable = isDurable
    }
}

/// A message on its way to a node.
package struct ProtonParcel: Sendable {
    package var node: ProtonNode
    /// The encoded message.
    package var bytes: [UInt8]

    package init(_ node: ProtonNode, _ bytes: [UInt8]) {
        self.node = node
        self.bytes = bytes
    }
}

/// A message that came.
package struct ProtonArrival: Sendable {
    /// The receiver that asked for it.
    package var receiver: Int
    /// What to settle; `nil` when the server has done so already, and will not give the message again.
    package var delivery: Int64?
    package var bytes: [UInt8]

    package init(receiver: Int, delivery: Int64?, bytes: [UInt8]) {
        self.receiver = receiver
        self.delivery = delivery
        self.bytes = bytes
    }
}

/// How a delivery ends.
package enum ProtonOutcome: Sendable, Equatable {
    /// The message is done with.
    case accepted
    /// It returns to its queue as if it had never come.
    case released
    /// It returns to its queue, and the server counts that.
    case modified
    /// It goes where the server puts what cannot be used, or is dropped.
    case rejected
}

/// What is asked of a connection.
package enum ProtonOrder: Sendable {
    /// Begin to receive from a node, under a number of the caller's, which must be new. `credit` messages may come.
    case receive(Int, from: ProtonNode, credit: Int, isCopying: Bool = false)
    /// Set how many messages a receiver may yet get, be it more or fewer than before.
    case credit(Int, Int)
    /// Let all come for which there is credit; who waits is told when there is no more, and the rest of the credit is gone.
    case drain(Int)
    /// Find out whether a node has a message for a new receiver, which gets this number, and then ends: what it got returns. For
    /// RabbitMQ, which answers to each change of credit.
    case count(Int, of: ProtonNode)
    /// Receive no more; what came and was not settled returns to its queue.
    case stop(Int)
    case settle([Int64], ProtonOutcome)
}
