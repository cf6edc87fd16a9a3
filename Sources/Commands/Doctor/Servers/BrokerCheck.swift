import CeleryCore
import Client

/// Whether the broker answers.
struct BrokerCheck: ServerCheck {
    let name = "broker"

    func findings(_ patient: Patient, _ client: Client) async throws -> [Finding] {
        let location = client.broker.location
        let start = ContinuousClock.now
        if let probing = client.broker as? any BrokerProbing {
            try await probing.probe()
        } else if let counting = client.broker as? any QueueCounting {
            _ = try await counting.count(of: patient.settings.defaultQueue)
        } else {
            return [finding(.unknown, "\(location) cannot be asked anything without sending a task")]
        }
        return [finding(.ok, "\(location) answers in \(Self.milliseconds(since: start)) ms")]
    }

    static func milliseconds(since start: ContinuousClock.Instant) -> Int {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
