import CeleryCore
import Client
import Logging
import Worker

/// The worker that `dmap -j` runs in its own process.
struct LocalPool {
    private let worker: Worker
    private let task: Task<Void, any Error>

    /// - Returns: `nil` when no pool is wanted.
    static func start(
        _ size: Int?, _ context: CommandContext, _ settings: Settings, _ client: Client, queue: String
    ) async throws -> LocalPool? {
        guard let size else { return nil }
        let (registry, _) = try context.registry(settings)
        var configuration = WorkerSetup(context: context, settings: settings).configuration(concurrency: size)
        configuration.queues = [queue]
        // Failures are told by dmap itself, item by item.
        let logger = DaemonLog(file: nil).logger(level: .critical)
        let statistics = try WorkerStatistics(settings, client.broker, configuration.identity, logger)
        let worker = Worker(
            configuration: configuration, broker: client.broker, store: try client.store, registry: registry, logger: logger,
            watchers: statistics.watchers)
        return LocalPool(worker: worker, task: Task { try await statistics.kept { try await worker.run() } })
    }

    func stop() async {
        await worker.stop(.warm)
        _ = try? await task.value
    }
}
