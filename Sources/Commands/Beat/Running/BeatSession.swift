import Arguments
import CeleryCore
import Client
import Logging
import Processes

/// A beat in its own process: its settings, its signals, and the beat itself.
struct BeatSession: Sendable {
    let context: CommandContext
    let settings: Settings
    let daemon: DaemonSession<BeatSignal>

    /// - Returns: whether beat shall restart.
    func work() async throws -> Bool {
        let client = try context.client(settings, willSend: true)
        let runner = try BeatRunner(
            context, BeatOptions.flags(context.arguments), client, daemon.logger, isOnce: context.arguments[BeatOptions.once])
        let banner = BeatBanner(
            settings: settings, broker: client.broker.location, store: try client.store.location, entries: await runner.names)
        if !context.output.isQuiet { for line in banner.lines { context.output.error(line) } }
        for problem in try context.registry(settings).problems { daemon.logger.warning("\(problem)") }
        for warning in await runner.warnings { daemon.logger.warning("\(warning)") }

        let watch = Task { await follow(runner) }
        defer { watch.cancel() }
        try await runner.run {
            if !context.output.isQuiet { context.output.error("Celery beat has started.") }
            daemon.ready()
        }
        daemon.notifier?.stopping()
        await client.close()
        watch.cancel()
        return await watch.value
    }

    /// Obeys signals. Returns whether beat shall restart.
    private func follow(_ runner: BeatRunner) async -> Bool {
        var isRestarting = false
        var isStopping = false
        for await delivery in daemon.signals.deliveries {
            let name = Signal.name(of: delivery.signal)
            switch delivery.action {
            case .stop:
                daemon.logger.warning("Got signal \(name): stopping")
                (isRestarting, isStopping) = (false, true)
                daemon.notifier?.stopping()
                await runner.stop()
            case .reload where isStopping: continue
            case .reload:
                daemon.logger.info("Got signal \(name): reloading settings and tasks")
                daemon.notifier?.reloading()
                if await runner.reload() == true {
                    isRestarting = true
                    await runner.stop()
                } else {
                    daemon.notifier?.ready()
                }
            case .reopenLog:
                daemon.reopenLog()
            }
        }
        return isRestarting
    }
}
