import CeleryAMQP
package import CeleryCore
import RabbitMQ

extension AMQPBroker: PowerLacking {
    package func lackedPowers() async throws -> [LackedPower] { try await link.abilities().lackedPowers }
}

extension ServerAbilities {
    /// What operators should know. Whatever the driver replaces without a difference is left out.
    var lackedPowers: [LackedPower] {
        var lacked: [LackedPower] = []
        func add(_ name: String, _ consequence: String) { lacked.append(LackedPower(name, consequence: consequence)) }
        if !has(.confirms) { add("publisher confirms", "messages are published in transactions, which is slower") }
        if !has(.arguments) {
            add("queues that hold messages back", "messages with a far-off ETA wait in the celery.db of the worker that takes them")
            add("priorities", "each queue hands over its oldest message first")
            add("queues that expire", "results that nobody fetches from result queues stay")
        }
        if !has(.streams) {
            add("streams", "past events are not kept, and revoked tasks, paused queues and statistics are in the celery.db of each project")
        }
        return lacked
    }
}

extension Inbox {
    /// What workers say at their start; `nil` for a server that lacks nothing.
    func lacks(at location: String) -> String? {
        guard let server, !server.lackedPowers.isEmpty else { return nil }
        return "broker \(location) is \(server.title), which lacks \(server.lackedPowers.map(\.name).joined(separator: ", ")); see celery doctor"
    }
}
