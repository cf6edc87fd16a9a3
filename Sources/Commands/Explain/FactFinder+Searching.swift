import CeleryCore
import Client

/// Brokers without an index of ids have to read all that they keep.
extension FactFinder {
    /// What is known of tasks, with the messages of those that have not ended, where the broker can search for them.
    ///
    /// - Throws: `DriverError` if the broker or the result store cannot be queried.
    func statuses(of ids: [TaskID]) async throws -> (statuses: [TaskStatus], search: MessageSearch?) {
        let statuses = try await client.status(of: ids)
        let open = statuses.filter { !($0.result?.state.isReady ?? false) }.map(\.id)
        guard let broker = client.broker as? any MessageSearching, !open.isEmpty,
            let search = await look("search the queues", { try await broker.search(for: open) })
        else { return (statuses, nil) }
        // A task that has ended since it was looked up is in no queue.
        let unfound = open.filter { search.found[$0] == nil }
        guard !unfound.isEmpty else { return (statuses, search) }
        let now = Dictionary(try await client.status(of: unfound).map { ($0.id, $0) }) { first, _ in first }
        return (statuses.map { now[$0.id] ?? $0 }, search)
    }

    /// The stored events of tasks, oldest first; none where the broker keeps none.
    func events(of ids: [TaskID]) async -> [RecordedEvent] {
        if let broker = client.broker as? any EventSearching {
            return await look("read events") { try await broker.searchEvents(of: ids) } ?? []
        }
        return await look("read events") { [broker = client.broker] in try await (broker as? any EventReading)?.events(of: ids) } ?? []
    }
}
