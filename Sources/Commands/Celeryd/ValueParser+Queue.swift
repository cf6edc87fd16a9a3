import Arguments
import CeleryCore
import Configuration

extension ValueParser where Value == String {
    /// The name of a queue that may have to be created.
    static var queueName: Self { brokerName(.queue) }
    /// The name of an existing queue, perhaps declared by another program.
    static var existingQueueName: Self { brokerName(.existingQueue) }
    static var exchangeName: Self { brokerName(.exchange) }
    static var routingKey: Self { brokerName(.routingKey) }

    private static func brokerName(_ sort: BrokerName) -> Self {
        Self { (text) throws(InvalidValue) in
            if let rule = sort.rule(brokenBy: text) { throw InvalidValue("is not \(sort.noun)", advice: "write \(rule)") }
            return text
        }
    }

    /// The name of a queue, followed by `=` and a weight unless the weight is 1.
    fileprivate static var weightedQueue: Self {
        Self { (text) throws(InvalidValue) in
            if let weight = QueueEntry.impossibleWeight(in: text) {
                throw InvalidValue("has the weight \(weight), which must be from 1 to 1000")
            }
            return try queueName.parse(text)
        }
    }
}

extension ValueParser where Value == [String] {
    /// Comma-separated names of queues, each with at most one weight.
    static var weightedQueues: Self {
        commaSeparated(.weightedQueue).map { (queues) throws(InvalidValue) in
            if let (name, weights) = QueueEntry.contradiction(in: queues) {
                throw InvalidValue("gives queue '\(name)' both the weight \(weights[0]) and the weight \(weights[1])")
            }
            return queues
        }
    }
}
