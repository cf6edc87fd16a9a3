// A worker process from startup to exit.

import Arguments
import CeleryCore
import Client
import Configuration
import Glibc
import Logging
import Processes
import Tasks
import Worker

/// A worker in its own process: its settings, its signals, and the worker itself.
struct WorkerSession: Sendable {
    let context: CommandContext
    let settings: Settings
    /// The settings with their origins and values as written.
    let resolved: ResolvedSettings
    let daemon: DaemonSession<WorkerSignal>

    private var logger: Logger { daemon.logger }

    /// - Returns: whether the worker shall restart.
    func work() async throws -> Bool {
        let client = try context.client(settings)
        try client.checkMayWork()
        let store = try client.store
        try await WorkerDiscard(context: context, settings: settings).run(client.broker)
        let files = try context.taskFiles(settings, guardedBy: .current, isWorking: true)
        var configuration = WorkerSetup(context: context, settings: settings).configuration()
        configuration.facts = .of(resolved, store: store.location)
        let runner = context.arguments[CelerydOptions.beat]
            ? try BeatRunner(context, CelerydOptions.flags(context.arguments), client, logger) : nil
        let banner = WorkerBanner(
            settings: settings, identity: configuration.identity, concurrency: configuration.pool.size, autoscale: configuration.autoscale,
            broker: client.broker.location, store: store.location, registry: files.registry, periodicTasks: await runner?.names)
        if !context.output.isQuiet { for line in banner.lines { context.output.error(line) } }
        for problem in files.problems { logger.warning("\(problem)") }
        for warning in await runner?.warnings ?? [] { logger.warning("\(warning)") }

        let statistics = try WorkerStatistics(settings, client.broker, configuration.identity, logger)
        let mail = try AdminMail(settings, configuration.identity, logger)
        let worker = Worker(
            configuration: configuration, broker: client.broker, store: store, registry: files.registry, files: files, logger: logger,
            watchers: statistics.watchers + mail.watchers)
        let watch = Task { await follow(worker) }
        defer { watch.cancel() }
        let warning = Task { await warnOfLoss(client.broker, store) }
        defer { warning.cancel() }
        let beat = runner.map { EmbeddedBeat($0) }
        do {
            try await statistics.kept {
                try await worker.run {
                    if let beat { await beat.start(beside: worker, onReady: sayReady) } else { sayReady() }
                }
            }
        } catch {
            await mail.end()
            try? await beat?.stop()
            throw error
        }
        await mail.end()
        try await beat?.stop()
        daemon.notifier?.stopping()
        await client.close()
        watch.cancel()
        return await watch.value
    }

    /// Logs how the broker may lose messages, and the result store results, if they can be asked.
    private func warnOfLoss(_ broker: any Broker, _ store: any ResultStore) async {
        for server: Any in [broker, store] {
            for warning in (try? await (server as? any DurabilityChecking)?.durabilityWarnings()) ?? [] { logger.warning("\(warning)") }
        }
    }

    @Sendable private func sayReady() {
        if !context.output.isQuiet { context.output.error("Celery has started.") }
        daemon.ready()
    }

    /// Obeys signals. Returns whether the worker shall restart.
    ///
    /// The strictest signal decides, in any order of arrival: QUIT or a second INT over TERM and INT, these over HUP.
    private func follow(_ worker: Worker) async -> Bool {
        var isRestarting = false
        var isStopping = false
        for await delivery in daemon.signals.deliveries {
            let name = Signal.name(of: delivery.signal)
            switch delivery.action {
            case .stop where isStopping && delivery.signal == SIGINT, .stopNow:
                logger.warning("Got signal \(name): stopping now; running tasks are requeued")
                (isRestarting, isStopping) = (false, true)
                await worker.stop(.cold)
            case .stop:
                logger.warning("Got signal \(name): finishing running tasks\(context.output.errorIsTerminal ? " (Ctrl-C again stops now)" : "")")
                (isRestarting, isStopping) = (false, true)
                daemon.notifier?.stopping()
                await worker.stop(.warm)
            case .restart:
                guard !isStopping, !isRestarting, canRestart() else { continue }
                isRestarting = true
                daemon.notifier?.reloading()
                await worker.stop(.warm)
            case .reopenLog:
                daemon.reopenLog()
            case .grow:
                logger.info("Adding a pool child")
                await worker.grow(by: 1)
            case .shrink:
                logger.info("Removing a pool child")
                await worker.grow(by: -1)
            }
        }
        return isRestarting
    }

    /// Checks settings and tasks first: an invalid file must not end a running worker.
    private func canRestart() -> Bool {
        do {
            let resolved = try context.resolved(CelerydOptions.flags(context.arguments))
            _ = try context.taskFiles(resolved.settings, guardedBy: nil, isWorking: true)
            if context.arguments[CelerydOptions.beat] { _ = try EntryTable(resolved, context, client: nil) }
            return true
        } catch {
            logger.error("Not restarting: \(Report.describe(error).message)")
            return false
        }
    }
}
