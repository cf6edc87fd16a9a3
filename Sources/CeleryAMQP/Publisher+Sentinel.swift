import CeleryCore
import RabbitMQ

// For garagemq, which writes its messages in batches and confirms those that were written. One that somebody took and acknowledged
// before its turn is never written, and never confirmed. So a message of our own follows what stays unconfirmed, to a queue that
// nobody reads: when it is confirmed, everything before it has had its turn.
extension Publisher {
    /// The state of sentinels on one connection.
    struct Sentinels {
        /// Delivery number of the one in flight.
        var number: UInt64?
        /// Number of the last message sent before the last look.
        var mark: UInt64 = 0
        /// Its queue, once declared; it ends with the connection.
        var queue: String?
    }

    /// Sends a sentinel when a message has been unconfirmed since the last look.
    func sendSentinel(_ connection: Connection) throws(RabbitMQError) {
        let last = firstNumber + UInt64(unconfirmed.count) - 1
        defer { sentinels.mark = last }
        guard promise == .confirms, sentinels.number == nil, !unconfirmed.isEmpty, firstNumber <= sentinels.mark else { return }
        if let queue = sentinels.queue {
            // Those before it have done their duty.
            while let old = try connection.get(queue, on: Self.channel) {
                try connection.acknowledge(old.tag, isMultiple: false, on: Self.channel)
            }
        } else {
            var queue = QueueDeclaration("celery-sentinel-\(TaskID())")
            // Durable, or its messages would not be written.
            queue.isExclusive = true
            try connection.declare(queue, on: Self.channel)
            sentinels.queue = queue.name
        }
        let message = WireMessage(routingKey: sentinels.queue ?? "", properties: WireProperties(deliveryMode: 2), body: [])
        unconfirmed.append(InFlight(batch: nil, index: 0, message: message))
        countUnderWay += 1
        sentinels.number = firstNumber + UInt64(unconfirmed.count) - 1
        try connection.publish(message, isMandatory: false, on: Self.channel)
    }
}
