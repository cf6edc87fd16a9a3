// One life of a worker process, from the first line of its log to its last.

import Arguments
import CeleryCore
import Client
import Configuration
import Glibc
import Logging
import Processes
import Tasks
import Worker

/// A worker in its process: settings, log, pidfile, signals, and the worker itself.
struct WorkerSession: Sendable {
    let context: CommandContext
    let settings: Settings
    let log: WorkerLog
    let logger: Logger
    let pidFile: PIDFile?
    let readiness: Readiness?
    let signals: Signals<WorkerSignal>
    let notifier: SystemdNotifier?

    /// Takes pidfile, log and signals, and enters the worker's surroundings. No thread may run yet.
    static func launch(_ context: CommandContext, _ settings: Settings, _ surroundings: Surroundings) throws -> Command.Launch {
        let arguments = context.arguments
        var surroundings = surroundings
        var readiness: Readiness?
        var pidFile: PIDFile?
        let isDetached = arguments[CelerydOptions.detach]
        switch context.role {
        case .foreground:
            surroundings.applyMask()
            if arguments.isGiven(CelerydOptions.pidFile) { pidFile = try PIDFile.acquire(at: settings.pidFile) }
        case .daemon(let word, let file): (readiness, pidFile) = (word, file)
        case .restarted(let file):
            pidFile = file
            surroundings = Surroundings()
        }
        if let notice = pidFile?.staleNotice { context.output.error("celery celeryd: \(notice)") }
        var file: LogFile?
        if isDetached || arguments.isGiven(CelerydOptions.logFile) {
            file = try LogFile(settings.logFile, owner: surroundings.privileges)
            if isDetached { try file?.redirectStandardStreams() }
        }
        SignalDispositions.settle()
        let signals = try Signals(WorkerSignal.table)
        try Descendants.becomeSubreaper()
        try surroundings.apply()
        let log = WorkerLog(file: file)
        let session = WorkerSession(
            context: context, settings: settings, log: log,
            logger: log.logger(level: WorkerLog.level(named: settings.logLevel)), pidFile: pidFile, readiness: readiness,
            signals: signals, notifier: SystemdNotifier(environment: .current()))
        return .run { try await session.run() }
    }

    private func run() async throws -> Int32 {
        let isRestarting: Bool
        do {
            isRestarting = try await work()
        } catch {
            let described = Report.describe(error)
            if readiness != nil || log.isFile { logger.critical("\(described.message)") }
            pidFile?.remove()
            throw error
        }
        if isRestarting {
            logger.info("Restarting celeryd (\(CommandLine.arguments.joined(separator: " ")))")
            try OwnExecutable.restart(keeping: pidFile)
        }
        pidFile?.remove()
        return ExitCode.done
    }

    /// - Returns: whether it shall begin anew.
    private func work() async throws -> Bool {
        let client = try context.client(settings)
        let store = try client.store
        try await WorkerDiscard(context: context, settings: settings).run(client.broker)
        let (registry, problems) = try context.registry(settings)
        let configuration = WorkerSetup(context: context, settings: settings).configuration()
        let banner = WorkerBanner(
            settings: settings, identity: configuration.identity, concurrency: configuration.pool.size,
            broker: client.broker.location, store: store.location, registry: registry)
        if !context.output.isQuiet { for line in banner.lines { context.output.error(line) } }
        for problem in problems { logger.warning("\(problem)") }

        let worker = Worker(
            configuration: configuration, broker: client.broker, store: store, registry: registry, logger: logger)
        let watch = Task { await follow(worker) }
        let heart = Task { await beat() }
        defer {
            watch.cancel()
            heart.cancel()
        }
        try await worker.run {
            if !context.output.isQuiet { context.output.error("Celery has started.") }
            readiness?.ready()
            notifier?.ready()
        }
        notifier?.stopping()
        await client.close()
        watch.cancel()
        return await watch.value
    }

    /// Does what signals ask. Returns whether the worker shall begin anew.
    private func follow(_ worker: Worker) async -> Bool {
        var isRestarting = false
        var isStopping = false
        for await delivery in WorkerSignal.stream(signals) {
            let name = Signal.name(of: delivery.signal)
            switch delivery.action {
            case .stop where isStopping && delivery.signal == SIGINT, .stopNow:
                logger.warning("Got signal \(name): stopping now; tasks under way go back to their queues")
                isRestarting = false
                await worker.stop(.cold)
            case .stop:
                logger.warning("Got signal \(name): finishing what runs\(context.output.errorIsTerminal ? " (Ctrl-C again stops now)" : "")")
                isStopping = true
                notifier?.stopping()
                await worker.stop(.warm)
            case .restart:
                guard !isStopping, canRestart() else { continue }
                (isRestarting, isStopping) = (true, true)
                notifier?.reloading()
                await worker.stop(.warm)
            case .reopenLog:
                do {
                    try log.reopen()
                    logger.info("Log file opened anew")
                } catch {
                    logger.error("\(error)")
                }
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

    /// Broken settings must not end a worker that works with good ones.
    private func canRestart() -> Bool {
        do {
            let settings = try context.settings(CelerydOptions.flags(context.arguments))
            _ = try context.registry(settings)
            return true
        } catch {
            logger.error("Not restarting: \(Report.describe(error).message)")
            return false
        }
    }

    /// Tells systemd's watchdog that the process lives.
    private func beat() async {
        guard let notifier, let interval = notifier.watchdogInterval else { return }
        while !Task.isCancelled {
            notifier.watchdog()
            try? await Task.sleep(for: interval / 2)
        }
    }
}
