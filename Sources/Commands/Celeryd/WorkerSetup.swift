import Arguments
import CeleryCore
import Client
import Glibc
import Processes
import Worker

/// Turns settings and options into what a `Worker` is told.
struct WorkerSetup {
    let context: CommandContext
    let settings: Settings

    /// - Parameter concurrency: children to run; what the settings say by default.
    func configuration(concurrency: Int? = nil) -> WorkerConfiguration {
        let arguments = context.arguments
        let wanted = concurrency ?? settings.concurrency
        // A pool that is asked for by its size stays like that.
        let autoscale = concurrency == nil ? settings.autoscale : nil
        let size = autoscale?.least ?? (wanted > 0 ? wanted : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        var pool = PoolConfiguration(
            size: size, executable: OwnExecutable.path,
            arguments: [CommandLine.arguments.first ?? "celery", PoolChildMain.argument], folder: settings.projectFolder)
        pool.environment["CELERY_SETTINGS"] = settings.file
        // A worker that logs to the terminal writes no file, and neither does the pool of a map. Empty rather than
        // missing, as a command within a task would hand on the variable of the worker above it.
        let logsToFile = arguments.takes(CelerydOptions.burst) && CelerydOptions.daemon.logsToFile(arguments)
        pool.environment["CELERY_LOGFILE"] = logsToFile ? settings.logFile : ""
        pool.environment["CELERY_LOGLEVEL"] = settings.logLevel
        pool.maxTasksPerChild = settings.maxTasksPerChild
        pool.maxMemoryPerChild = settings.maxMemoryPerChild
        let identity = identity
        pool.environment[Orphans.variable] = identity.process
        var configuration = WorkerConfiguration(identity: identity, queues: settings.queues, pool: pool)
        configuration.autoscale = autoscale
        configuration.autoscaleKeepalive = .seconds(settings.autoscaleKeepalive)
        configuration.prefetch = settings.prefetch
        configuration.softTimeLimit = settings.softTimeLimit
        configuration.hardTimeLimit = settings.hardTimeLimit
        configuration.maxMemoryBytes = settings.maxTaskMemory
        configuration.shutdownTimeout = settings.shutdownTimeout.map { .seconds($0) }
        configuration.crashLimit = settings.crashLimit
        configuration.defaultRate = settings.defaultRate
        configuration.disablesRates = settings.disablesRates
        configuration.ignoreResult = settings.ignoreResult
        configuration.maxOutputBytes = settings.maxOutputBytes
        if arguments.takes(CelerydOptions.burst) || settings.sendsTaskEvents {
            configuration.events = WorkerEvents(ofTasks: settings.sendsTaskEvents, version: Version.text)
        }
        // A map in the foreground shares its control group with whoever started it.
        if arguments.takes(CelerydOptions.burst) {
            configuration.pool.controlGroups = .prepare()
            configuration.pool.controlGroups?.sweep()
            configuration.isBurst = arguments[CelerydOptions.burst]
            configuration.maxTasks = arguments[CelerydOptions.maxTasks] ?? 0
        }
        return configuration
    }

    private var identity: WorkerIdentity {
        let arguments = context.arguments
        let given = arguments.takes(CelerydOptions.hostname) ? arguments[CelerydOptions.hostname] : "dmap.\(getpid())@%h"
        let pattern = given ?? "celery@%h"
        return .here(named: pattern)
    }
}
