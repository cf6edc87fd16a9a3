import Arguments
import CeleryCore
import Configuration

/// Options of `celery celeryd`.
enum CelerydOptions {
    static let concurrency = Option.value(
        "concurrency", short: "c", placeholder: "N", .integer(in: 1...1_000),
        help: "Run N tasks at a time; by default one for each processor.",
        settings: ["CELERYD_CONCURRENCY", "CELERY_CONCURRENCY"])
    static let hostname = Option.value(
        "hostname", short: "n", placeholder: "NAME", .nonEmptyText,
        help: "Name of this worker, by default celery@%h; %h stands for the host name.")
    static let queues = Option.value(
        "queues", short: "Q", placeholder: "A,B", .weightedQueues,
        help: "Consume these queues in turn; A=3 gets three turns for each turn of the others.",
        settings: ["CELERY_QUEUES"], completion: .queue)
    static let daemon = DaemonOptions(
        name: "celeryd", noun: "worker",
        keys: DaemonOptions.Keys(
            logLevel: "CELERYD_DAEMON_LOG_LEVEL", logFile: "CELERYD_LOG_FILE", pidFile: "CELERYD_PID_FILE"),
        ready: "the worker is consuming", restart: "restart with new settings")
    static let beat = Option.flag("beat", short: "B", help: "Also send periodic tasks, like 'celery beat'.")
    static let taskEvents = Option.flag(
        "task-events", short: "E", help: "Send task events to monitors such as 'celery events'.",
        settings: ["CELERY_SEND_EVENTS"])
    static let discard = Option.flag("discard", help: "Erase the waiting messages first; asks for confirmation on a terminal.")
    static let force = Option.flag("force", help: "Do not ask for confirmation of --discard.")
    static let statistics = Option.flag(
        "statistics", short: "s", help: "Collect counts and durations of tasks for celery stats.", settings: ["CELERY_STATISTICS"])
    static let timeLimit = Option.value(
        "time-limit", placeholder: "S", .duration, help: "Kill tasks after this time.",
        settings: ["CELERYD_TASK_TIME_LIMIT"])
    static let softTimeLimit = Option.value(
        "soft-time-limit", placeholder: "S", .duration, help: "Ask tasks to stop after this time.",
        settings: ["CELERYD_TASK_SOFT_TIME_LIMIT"])
    static let taskMaxMemory = Option.value(
        "task-max-memory", placeholder: "BYTES", .memory, help: "Kill tasks that use more memory than this, such as 64m.",
        settings: ["CELERYD_TASK_MAX_MEMORY"])
    static let shutdownTimeout = Option.value(
        "shutdown-timeout", placeholder: "S", .duration, help: "When stopping, requeue tasks that are still running after this time.",
        settings: ["CELERYD_SHUTDOWN_TIMEOUT"])
    static let maxTasksPerChild = Option.value(
        "max-tasks-per-child", placeholder: "N", .integer(in: 1...1_000_000_000),
        help: "Replace a pool child after N tasks.", settings: ["CELERYD_MAX_TASKS_PER_CHILD"])
    static let maxMemoryPerChild = Option.value(
        "max-memory-per-child", placeholder: "KB", .integer(in: 1...1_000_000_000),
        help: "Replace a pool child that uses more than KB kilobytes of memory after a task.",
        settings: ["CELERYD_MAX_MEMORY_PER_CHILD"])
    static let prefetch = Option.value(
        "prefetch", placeholder: "N", .integer(in: 1...10_000),
        help: "Prefetch N tasks beyond the running ones; by default, more for shorter tasks.", settings: ["CELERYD_PREFETCH"])
    static let autoscale = Option.value(
        "autoscale", placeholder: "MAX,MIN", .autoscale,
        help: "Run between MIN and MAX tasks at a time: add pool children while tasks wait, and remove idle ones.",
        settings: ["CELERYD_AUTOSCALE"])
    static let supervised = Option.flag(
        "supervised", short: "S",
        help: "Run the worker under a supervisor that replaces it when it dies. The pidfile contains the supervisor's process id; signals, --stop and --restart sent there reach the worker.")
    static let burst = Option.flag("burst", help: "Work until no message in the queues is due, then exit with 0; messages due later stay.")
    static let maxTasks = Option.value(
        "max-tasks", placeholder: "N", .integer(in: 1...1_000_000_000), help: "Exit with 0 after N tasks.")

    static let all: [OptionDescription] =
        [concurrency.description, hostname.description, queues.description] + daemon.files + [
            beat.description, taskEvents.description, statistics.description, discard.description, force.description,
            timeLimit.description, softTimeLimit.description, taskMaxMemory.description, shutdownTimeout.description,
            maxTasksPerChild.description, maxMemoryPerChild.description, prefetch.description, autoscale.description, burst.description,
            maxTasks.description, supervised.description,
        ] + daemon.surroundings + daemon.control

    /// The settings given by options.
    static func flags(_ arguments: ParsedArguments) -> [SettingsFlag] {
        var flags: [SettingsFlag] = []
        func add(_ option: String, _ key: String, _ text: String?) {
            if let text { flags.append(SettingsFlag(option: "--\(option)", key: key, text: text)) }
        }
        add("concurrency", "CELERYD_CONCURRENCY", arguments[concurrency].map(String.init))
        add("queues", "CELERY_QUEUES", arguments[queues]?.joined(separator: ","))
        flags += daemon.flags(arguments)
        if arguments[taskEvents] { add("task-events", "CELERY_SEND_EVENTS", "true") }
        if arguments[statistics] { add("statistics", "CELERY_STATISTICS", "true") }
        add("time-limit", "CELERYD_TASK_TIME_LIMIT", arguments[timeLimit].map { "\($0.inSeconds)" })
        add("soft-time-limit", "CELERYD_TASK_SOFT_TIME_LIMIT", arguments[softTimeLimit].map { "\($0.inSeconds)" })
        add("task-max-memory", "CELERYD_TASK_MAX_MEMORY", arguments[taskMaxMemory].map { String($0) })
        add("shutdown-timeout", "CELERYD_SHUTDOWN_TIMEOUT", arguments[shutdownTimeout].map { "\($0.inSeconds)" })
        add("max-tasks-per-child", "CELERYD_MAX_TASKS_PER_CHILD", arguments[maxTasksPerChild].map(String.init))
        add("max-memory-per-child", "CELERYD_MAX_MEMORY_PER_CHILD", arguments[maxMemoryPerChild].map(String.init))
        add("autoscale", "CELERYD_AUTOSCALE", arguments[autoscale]?.text)
        add("prefetch", "CELERYD_PREFETCH", arguments[prefetch].map(String.init))
        return flags
    }
}

extension ValueParser where Value == AutoscaleRange {
    /// `MAX,MIN`, or `MAX` alone.
    fileprivate static var autoscale: Self {
        Self { (text) throws(InvalidValue) in
            guard let range = AutoscaleRange(text) else {
                throw InvalidValue("is not MAX,MIN", advice: "write two whole numbers with 1 <= MIN <= MAX <= \(AutoscaleRange.limit), as 10,2")
            }
            return range
        }
    }
}
