import CeleryAMQP
package import CeleryCore
import Wire

extension AMQPBroker: ReplySending {
    package func reply(_ results: [TaskResult]) async throws {
        // The waiting client may be gone, and its queue with it.
        try await link.publish(results.compactMap(ReplyMessage.message).map { Publication($0, isMandatory: false) })
    }
}
