import CeleryCore
import Logging
import Worker

/// What a worker counts of its tasks, if the settings ask for it.
struct WorkerStatistics: Sendable {
    private let watch: StatisticsWatch?

    /// The last report may take so long.
    private static let patience: Duration = .seconds(5)

    /// - Throws: `DriverError` when the broker keeps no statistics.
    init(_ settings: Settings, _ broker: any Broker, _ identity: WorkerIdentity, _ logger: Logger) throws {
        guard settings.keepsStatistics else {
            watch = nil
            return
        }
        guard let keeper = broker as? any StatisticsKeeping else { throw DriverError.lacks("keep statistics", broker.location) }
        watch = StatisticsWatch(keeper: keeper, worker: identity.id, logger: logger)
    }

    /// To be told of what becomes of tasks.
    var watchers: [any TaskWatching] { watch.map { [$0] } ?? [] }

    /// Runs a worker, and hands over what it counts every few seconds, and at the end.
    func kept(_ work: () async throws -> Void) async throws {
        guard let watch else { return try await work() }
        let hands = Task { await watch.handOver() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await work())
        } catch {
            result = .failure(error)
        }
        hands.cancel()
        let bell = Bell()
        Task {
            // Beside the last of those that come by the clock.
            await hands.value
            await watch.handOverOnce()
            // There may be what was counted while an earlier report was under way.
            await watch.handOverOnce()
            bell.ring()
        }
        // A broker that is away does not keep a worker from stopping.
        await bell.wait(since: 0, until: .now + Self.patience)
        try result.get()
    }
}
