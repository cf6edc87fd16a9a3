import CeleryCore
import Client

/// The names of tasks that this project or a worker knows.
struct KnownNames: Sendable {
    let client: Client
    let own: [String]

    /// Sorted.
    func all() async throws -> [String] {
        let workers = try await (client.broker as? any WorkerListing)?.workers() ?? []
        return Set(own + workers.flatMap(\.tasks)).sorted()
    }
}
