import CeleryCore
import Logging
import Worker

/// The statistics of a worker's tasks, if the settings enable them.
struct WorkerStatistics: Sendable {
    private let watch: StatisticsWatch?

    /// The time limit of the last report.
    private static let patience: Duration = .seconds(5)

    /// - Throws: `DriverError` if the broker cannot store statistics.
    init(_ settings: Settings, _ broker: any Broker, _ identity: WorkerIdentity, _ logger: Logger) throws {
        guard settings.keepsStatistics else {
            watch = nil
            return
        }
        guard let keeper = broker as? any StatisticsKeeping else { throw DriverError.lacks("keep statistics", broker.location) }
        watch = StatisticsWatch(keeper: keeper, worker: identity.id, logger: logger)
    }

    /// The observers to register with the worker.
    var watchers: [any TaskWatching] { watch.map { [$0] } ?? [] }

    /// Runs a worker, and reports its counts to the broker every few seconds and at the end.
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
            // The last periodic report may still be in progress.
            await hands.value
            await watch.handOverOnce()
            // A second report covers what was counted during the first.
            await watch.handOverOnce()
            bell.ring()
        }
        // An unreachable broker must not keep a worker from stopping.
        await bell.wait(since: 0, until: .now + Self.patience)
        try result.get()
    }
}
