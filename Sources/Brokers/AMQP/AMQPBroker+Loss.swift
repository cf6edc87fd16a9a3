import CeleryAMQP
package import CeleryCore
import RabbitMQ
import Wire

extension AMQPBroker: LossTelling {
    /// Reads the events about lost workers that the server keeps for an hour.
    package func lostWorkers() async throws -> LostWorkers {
        let messages: [WireMessage]
        do {
            messages = try await link.ask { (connection, channel) throws(RabbitMQError) in
                var messages: [WireMessage] = []
                // Unacknowledged messages are requeued when the channel closes.
                while messages.count < 1_000, let delivery = try connection.get(LossQueues.lostName, on: channel) {
                    messages.append(delivery.message)
                }
                return messages
            }
        } catch let error as DriverError where error.code == .refused || error.code == .noPermission {
            let reason = error.code == .refused ? "no worker has declared the queue \(LossQueues.lostName), which needs RabbitMQ 3.9" : error.message
            return LostWorkers([], gap: "lost workers are not known on \(location): \(reason)")
        }
        return LostWorkers(messages.flatMap { EventMessage.events(in: $0).events }.compactMap(\.lostWorker))
    }
}
