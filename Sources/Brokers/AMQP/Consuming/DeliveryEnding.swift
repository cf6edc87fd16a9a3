import RabbitMQ

/// How a delivery ends at the server.
enum DeliveryEnding: Sendable {
    case acknowledge
    /// Return the message to its position in the queue.
    case giveBack
}

extension Subscription {
    /// Ends deliveries of this connection at the server.
    func end(_ tags: [UInt64], _ ending: DeliveryEnding, _ connection: Connection) throws(RabbitMQError) {
        let acknowledgements = settle(tags)
        // Lower the count first, or the returned messages would be sent here again.
        if ending == .giveBack { try followPrefetch(connection) }
        switch ending {
        case .acknowledge:
            if let upTo = acknowledgements.upTo { try connection.acknowledge(upTo, isMultiple: true, on: Self.channel) }
            for tag in acknowledgements.singles { try connection.acknowledge(tag, isMultiple: false, on: Self.channel) }
        case .giveBack:
            for tag in tags { try connection.reject(tag, requeue: true, on: Self.channel) }
        }
    }
}
