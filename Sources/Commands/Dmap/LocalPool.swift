import CeleryCore
import Client
import Logging
import Tasks
import Worker

/// The worker that `dmap -j` runs in its own process.
struct LocalPool: Sendable {
    /// The running worker.
    let life: Task<Void, any Error>
    /// Stops the worker after its running tasks.
    let stop: @Sendable () async -> Void

    /// How long to wait for the map after its pool has failed; the map may be blocked reading a pipe.
    private static let patience: Duration = .seconds(1)

    static func start(_ size: Int, _ context: CommandContext, _ plan: DmapPlan) async throws -> LocalPool {
        let files = try context.taskFiles(plan.settings, guardedBy: .current)
        var configuration = WorkerSetup(context: context, settings: plan.settings).configuration(concurrency: size)
        configuration.queues = [plan.queue]
        // dmap itself reports failures.
        let logger = DaemonLog(file: nil).logger(level: .critical)
        let statistics = try WorkerStatistics(plan.settings, plan.client.broker, configuration.identity, logger)
        let worker = Worker(
            configuration: configuration, broker: plan.client.broker, store: try plan.client.store, registry: files.registry, files: files,
            logger: logger, watchers: statistics.watchers)
        return LocalPool(life: Task { try await statistics.kept { try await worker.run() } }, stop: { await worker.stop(.warm) })
    }

    /// Runs the map, then stops the pool.
    ///
    /// If the pool fails, the map is cancelled: there may be no other worker for its items.
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
                // Wait for the end of the map, but not indefinitely.
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
