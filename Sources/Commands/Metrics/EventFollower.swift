import CeleryCore
import Client

/// Follows the events of a broker for metrics, until the task that runs it is cancelled.
actor EventFollower {
    private let client: Client
    private var tally: EventTally

    /// Before the broker is asked again that could not be.
    private static let pause: Duration = .seconds(5)
    /// For one event at most: a feed does not end by itself.
    private static let patience: Duration = .seconds(10)

    init(client: Client, queuesOfTasks: [String: String]) {
        self.client = client
        tally = EventTally(queuesOfTasks: queuesOfTasks, defaultQueue: client.settings.defaultQueue)
    }

    var families: [MetricFamily] { EventMetrics(tally: tally).families }

    /// Does nothing with a broker that has no events.
    func run() async {
        guard let broker = client.broker as? any EventFollowing else { return }
        while !Task.isCancelled {
            if let feed = try? await broker.events(from: .now) {
                while !Task.isCancelled, let piece = try? await feed.next(until: .now + Self.patience) {
                    for recorded in piece.events { tally.add(recorded.event) }
                }
                await feed.close()
            }
            try? await Task.sleep(for: Self.pause)
        }
    }
}
