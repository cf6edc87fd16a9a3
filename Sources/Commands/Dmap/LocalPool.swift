import CeleryCore
import Client
import Logging
import Tasks
import Worker

/// The worker that `dmap -j` runs in its own process.
struct LocalPool: Sendable {
    /// The running worker.
    private let life: Task<Void, any Error>
    private let halt: @Sendable (Shutdown) async -> Void

    init(life: Task<Void, any Error>, stop: @escaping @Sendable (Shutdown) async -> Void) {
        self.life = life
        halt = stop
    }

    static func start(_ size: Int, _ context: CommandContext, _ plan: DmapPlan) async throws -> LocalPool {
        let files = try context.taskFiles(plan.settings, guardedBy: .current, isWorking: true)
        var configuration = WorkerSetup(context: context, settings: plan.settings).configuration(concurrency: size)
        configuration.queues = [plan.queue]
        // dmap itself reports failures.
        let logger = DaemonLog(file: nil).logger(level: .critical)
        let statistics = try WorkerStatistics(plan.settings, plan.client.broker, configuration.identity, logger)
        let worker = Worker(
            configuration: configuration, broker: plan.client.broker, store: try plan.client.store, registry: files.registry, files: files,
            logger: logger, watchers: statistics.watchers)
        return LocalPool(
            life: Task { try await statistics.kept { try await worker.run() } }, stop: { await worker.stop($0) })
    }

    /// Reports the end of the pool: its error, or that it stopped.
    func watch(_ post: @escaping @Sendable (DmapEvent) -> Void) {
        Task {
            do {
                try await life.value
                post(.poolStopped)
            } catch {
                post(.failed(error))
                post(.poolStopped)
            }
        }
    }

    /// Waits until the pool has stopped.
    func end() async { _ = await life.result }

    /// Stops the pool after its running tasks, or at once; what has not begun goes back to the queue.
    func stop(_ how: Shutdown) async { await halt(how) }
}
