import CeleryCore
import Client

/// What is known of the queues.
struct QueueReading: Sendable {
    /// Sorted by name.
    var queues: [QueueCount] = []
    /// Whether the broker counts scheduled and running messages as well; one that does not knows only the queues in the settings.
    var tellsAll = true
    /// Why some cannot be counted.
    var troubles: [String] = []
    var pauses: [String: QueuePause] = [:]
    /// When the oldest message was submitted, by queue.
    var ages: Told<[String: Timestamp]>

    /// - Throws: `DriverError` if the broker counts no queues.
    init(_ dashboard: Dashboard) async throws {
        let broker = dashboard.client.broker
        guard let counting = broker as? any QueueCounting else { throw DriverError.lacks("count queues", broker.location) }
        let counted = try await counting.queues()
        queues = counted.filter { $0.trouble == nil }
        tellsAll = queues.allSatisfy { $0.scheduled != nil && $0.running != nil }
        troubles = counted.compactMap(\.trouble)
        pauses = await dashboard.ask("pause queues", broker as? any QueuePausing) { try await $0.pausedQueues() }.value ?? [:]
        ages = await dashboard.ask("tell how long messages have waited", broker as? any AgeKnowing) { try await $0.oldestWaiting() }
        // A queue may be paused before it exists.
        for name in pauses.keys where !counted.contains(where: { $0.name == name }) {
            queues.append(QueueCount(name: name, ready: 0, scheduled: nil, running: nil, consumers: 0))
        }
        queues.sort { $0.name < $1.name }
    }
}
