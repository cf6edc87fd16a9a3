import Client
import Synchronization

/// The clients that a command has opened.
final class OpenClients: Sendable {
    private let clients = Mutex<[Client]>([])

    func add(_ client: Client) { clients.withLock { $0.append(client) } }

    /// Closes the SQLite files of all clients. Blocks.
    func closeFiles() {
        for client in clients.withLock({ $0 }) { client.closeFiles() }
    }
}
