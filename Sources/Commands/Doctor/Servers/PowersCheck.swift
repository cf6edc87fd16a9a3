import CeleryCore
import Client

/// What the broker's server cannot do that others of its kind can.
struct PowersCheck: ServerCheck {
    let name = "powers"

    func findings(_ patient: Patient, _ client: Client) async throws -> [Finding] {
        guard let broker = client.broker as? any PowerLacking else { return [] }
        let lacked = try await broker.lackedPowers()
        guard !lacked.isEmpty else { return [finding(.ok, "\(broker.location) lacks nothing that celery uses")] }
        return [
            finding(
                .warning, "\(broker.location) lacks \(lacked.map(\.name).joined(separator: ", "))",
                hint: "celery(7) lists what each broker can do; RabbitMQ 3.9 and later, by amqp://, lacks nothing",
                details: lacked.map { "\($0.name): \($0.consequence)" })
        ]
    }
}
