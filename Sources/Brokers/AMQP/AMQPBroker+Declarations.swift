import CeleryAMQP
package import CeleryCore
import RabbitMQ

extension AMQPBroker: DeclarationChecking {
    /// Declares a queue that exists as a worker would, which changes nothing: the server compares. It tells nothing of bindings.
    package func standing(of queue: String) async throws -> DeclarationStanding {
        guard try await state(of: queue) != nil else { return .missing }
        let declared = try await link.answer { [topology] (connection, channel) throws(RabbitMQError) in
            try topology.declareQueue(queue, connection, on: channel)
        }
        switch declared {
        case .success: return .asExpected
        case .failure(let error):
            guard case .refused = error.code else { throw DriverError(error, at: location) }
            return .different(error.message)
        }
    }
}
