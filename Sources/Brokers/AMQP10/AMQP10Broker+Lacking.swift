package import CeleryCore
import Proton

extension AMQP10Broker: PowerLacking {
    package func lackedPowers() async throws -> [LackedPower] {
        let server = try await server()
        var lacked = [LackedPower("events of the past", consequence: "events and statistics reach only those who listen")]
        if !server.delays {
            lacked.append(LackedPower("delayed delivery", consequence: "workers hold messages until their ETA"))
        }
        if !server.keepsDelivered {
            lacked.append(LackedPower("return of what was delivered", consequence: "what a worker has is lost when the worker is killed"))
            lacked.append(LackedPower("priorities", consequence: "messages are served in their order"))
        }
        return lacked
    }
}
