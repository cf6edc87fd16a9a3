package import CeleryCore
import STOMP

extension STOMPBroker: PowerLacking {
    package func lackedPowers() async throws -> [LackedPower] { try await server().lackedPowers }
}

extension STOMPServer {
    /// What operators should know.
    var lackedPowers: [LackedPower] {
        var lacked = [
            LackedPower(
                "a memory of events and commands",
                consequence: "past events and statistics are not kept, celery revoke is refused, and queues cannot be paused"),
            LackedPower("locks that end with their owner", consequence: "beat cannot run"),
        ]
        if delaying == .none {
            lacked.append(LackedPower("delayed delivery", consequence: "workers hold messages until their ETA"))
        }
        return lacked
    }
}
