import RabbitMQ

/// What becomes of a delivery at the server.
enum DeliveryEnding: Sendable {
    /// Gone.
    case acknowledge
    /// Back to its place in the queue.
    case giveBack
}

extension Subscription {
    /// Tells the server what becomes of deliveries of its connection.
    func end(_ tags: [UInt64], _ ending: DeliveryEnding, _ connection: Connection) throws(RabbitMQError) {
        let acknowledgements = settle(tags)
        // First the count, or what goes back would be sent here again.
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
