import CeleryCore
import Client

/// Whether the result store answers.
struct StoreCheck: ServerCheck {
    let name = "store"

    func findings(_ patient: Patient, _ client: Client) async throws -> [Finding] {
        if let path = try await TablesCheck.unusable(patient) {
            return [finding(.unknown, "\(path) is not opened: that would create or upgrade it")]
        }
        let store = try client.store
        let start = ContinuousClock.now
        _ = try await store.results(for: [TaskID()])
        return [finding(.ok, "\(store.location) answers in \(BrokerCheck.milliseconds(since: start)) ms")]
    }
}
