import Arguments
import CeleryCore
import Client
import Glibc
import Processes
import Tasks
import Worker

/// Turns settings and options into the configuration of a `Worker`.
struct WorkerSetup {
    let context: CommandContext
    let settings: Settings

    /// - Parameter concurrency: the size of the pool; by default that of the settings.
    func configuration(concurrency: Int? = nil) -> WorkerConfiguration {
        let arguments = context.arguments
        let wanted = concurrency ?? settings.concurrency
        // A pool of an explicit size does not scale.
        let autoscale = concurrency == nil ? settings.autoscale : nil
        let size = autoscale?.least ?? (wanted > 0 ? wanted : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        var pool = PoolConfiguration(
            size: size, executable: OwnExecutable.path,
            arguments: [CommandLine.arguments.first ?? "celery", PoolChildMain.argument], folder: settings.projectFolder)
        pool.environment["CELERY_SETTINGS"] = settings.file
        // Without a log file the variable is set to an empty value rather than left unset: a command run by a task
        // would otherwise inherit the variable of the worker above it.
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
        configuration.calls.limit = settings.httpConcurrency
        configuration.calls.agent = "celery/\(Version.text)"
        configuration.softTimeLimit = settings.softTimeLimit
        configuration.hardTimeLimit = settings.hardTimeLimit
        configuration.maxMemoryBytes = settings.maxTaskMemory
        configuration.shutdownTimeout = settings.shutdownTimeout.map { .seconds($0) }
        configuration.crashLimit = settings.crashLimit
        configuration.defaultRate = settings.defaultRate
        configuration.disablesRates = settings.disablesRates
        configuration.ignoreResult = settings.ignoreResult
        configuration.sendsReplies = settings.sendsReplies
        configuration.redaction = settings.redaction
        configuration.webhooks = WebhookRule(settings)
        do throws(CommandRefusal) {
            try CommandPolicy(settings).checkRunning()
        } catch {
            configuration.commandRefusal = CommandRefusal("this worker runs no commands: \(error.message)", hint: error.hint)
        }
        configuration.maxOutputBytes = settings.maxOutputBytes
        configuration.keptOutputBytes = settings.keptOutputBytes
        configuration.logBytesPerTask = settings.logBytesPerTask
        if arguments.takes(CelerydOptions.burst) || settings.sendsTaskEvents {
            configuration.events = WorkerEvents(ofTasks: settings.sendsTaskEvents, version: Version.text)
        }
        // The pool of a dmap shares the control group of the shell that started it, so it makes none of its own.
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
