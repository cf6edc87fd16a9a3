import CeleryCore
import Client
import Logging
import Tasks
import Worker

/// The worker that `dmap -j` runs in its own process.
struct LocalPool: Sendable {
    /// The life of the worker.
    let life: Task<Void, any Error>
    /// Lets the worker finish what runs, and end.
    let stop: @Sendable () async -> Void

    /// How long the map may take to end once its pool has failed; it may be reading a pipe that says nothing.
    private static let patience: Duration = .seconds(1)

    static func start(_ size: Int, _ context: CommandContext, _ plan: DmapPlan) async throws -> LocalPool {
        let (registry, _) = try context.registry(plan.settings, guardedBy: .current)
        var configuration = WorkerSetup(context: context, settings: plan.settings).configuration(concurrency: size)
        configuration.queues = [plan.queue]
        // Failures are told by dmap itself, item by item.
        let logger = DaemonLog(file: nil).logger(level: .critical)
        let statistics = try WorkerStatistics(plan.settings, plan.client.broker, configuration.identity, logger)
        let worker = Worker(
            configuration: configuration, broker: plan.client.broker, store: try plan.client.store, registry: registry,
            logger: logger, watchers: statistics.watchers)
        return LocalPool(life: Task { try await statistics.kept { try await worker.run() } }, stop: { await worker.stop(.warm) })
    }

    /// Works until the map has ended, then stops the pool.
    ///
    /// Nobody else may ever take the items of a pool that has failed, so the map is cancelled then.
    ///
    /// - Throws: the error of the map, or of the pool that failed before the map had ended.
    func serve(_ map: @escaping @Sendable () async throws -> Int32) async throws -> Int32 {
        let bell = Bell()
        let mapping = Task {
            defer { bell.ring() }
            return try await map()
        }
        let watch = Task {
            do {
                try await life.value
            } catch {
                mapping.cancel()
                // Until the map has ended, but not for ever.
                await bell.wait(since: 0, until: .now + Self.patience)
                bell.ring()
            }
        }
        await bell.wait(since: 0, until: nil)
        if mapping.isCancelled { try await life.value }
        await stop()
        await watch.value
        return try await mapping.value
    }
}
