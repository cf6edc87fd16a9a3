import Arguments
import CeleryCore
import Configuration

/// Options of `celery celeryd`.
enum CelerydOptions {
    static let concurrency = Option.value(
        "concurrency", short: "c", placeholder: "N", .integer(in: 1...1_000),
        help: "Run N tasks at a time; by default as many as there are processors.",
        settings: ["CELERYD_CONCURRENCY", "CELERY_CONCURRENCY"])
    static let hostname = Option.value(
        "hostname", short: "n", placeholder: "NAME", .nonEmptyText,
        help: "Call this worker NAME; %h in it stands for the machine's name, by default celery@%h.")
    static let queues = Option.value(
        "queues", short: "Q", placeholder: "A,B", .weightedQueues,
        help: "Take tasks from these queues, by turns; A=3 has three turns where others have one.",
        settings: ["CELERY_QUEUES"], completion: .queue)
    static let daemon = DaemonOptions(
        name: "celeryd", noun: "worker",
        keys: DaemonOptions.Keys(
            logLevel: "CELERYD_DAEMON_LOG_LEVEL", logFile: "CELERYD_LOG_FILE", pidFile: "CELERYD_PID_FILE"),
        ready: "the worker consumes", restart: "begin anew with new settings")
    static let beat = Option.flag("beat", short: "B", help: "Send periodic tasks too, as 'celery beat' does.")
    static let taskEvents = Option.flag(
        "task-events", short: "E", help: "Tell monitors, such as 'celery events', what becomes of each task.",
        settings: ["CELERY_SEND_EVENTS"])
    static let discard = Option.flag("discard", help: "Erase what waits in the queues first; asks on a terminal.")
    static let force = Option.flag("force", help: "Do not ask before --discard.")
    static let statistics = Option.flag(
        "statistics", short: "s", help: "Count tasks by name and time, for celery stats.", settings: ["CELERY_STATISTICS"])
    static let timeLimit = Option.value(
        "time-limit", placeholder: "S", .duration, help: "Kill tasks after so many seconds.",
        settings: ["CELERYD_TASK_TIME_LIMIT"])
    static let softTimeLimit = Option.value(
        "soft-time-limit", placeholder: "S", .duration, help: "Tell tasks to stop after so many seconds.",
        settings: ["CELERYD_TASK_SOFT_TIME_LIMIT"])
    static let taskMaxMemory = Option.value(
        "task-max-memory", placeholder: "BYTES", .memory, help: "Kill tasks that hold more memory than so many bytes, such as 64m.",
        settings: ["CELERYD_TASK_MAX_MEMORY"])
    static let shutdownTimeout = Option.value(
        "shutdown-timeout", placeholder: "S", .duration, help: "When asked to stop, give back what still runs after so many seconds.",
        settings: ["CELERYD_SHUTDOWN_TIMEOUT"])
    static let maxTasksPerChild = Option.value(
        "max-tasks-per-child", placeholder: "N", .integer(in: 1...1_000_000_000),
        help: "Replace a pool child after N tasks.", settings: ["CELERYD_MAX_TASKS_PER_CHILD"])
    static let maxMemoryPerChild = Option.value(
        "max-memory-per-child", placeholder: "KB", .integer(in: 1...1_000_000_000),
        help: "Replace a pool child that has more than so many kilobytes in memory after a task.",
        settings: ["CELERYD_MAX_MEMORY_PER_CHILD"])
    static let prefetch = Option.value(
        "prefetch", placeholder: "N", .integer(in: 1...10_000),
        help: "Hold N tasks beyond those that run; by default more the shorter tasks are.", settings: ["CELERYD_PREFETCH"])
    static let autoscale = Option.value(
        "autoscale", placeholder: "MAX,MIN", .autoscale,
        help: "Run between MIN and MAX tasks at a time: more while work waits, fewer when pool processes have had nothing to do for a while.",
        settings: ["CELERYD_AUTOSCALE"])
    static let supervised = Option.flag(
        "supervised", short: "S",
        help: "Run the worker under a supervisor that starts another when it dies. The pidfile holds the supervisor's process id; signals, --stop and --restart sent there reach the worker.")
    static let burst = Option.flag("burst", help: "Work until nothing in the queues is due, then exit with 0; what is for later stays.")
    static let maxTasks = Option.value(
        "max-tasks", placeholder: "N", .integer(in: 1...1_000_000_000), help: "Exit with 0 after N tasks.")

    static let all: [OptionDescription] =
        [concurrency.description, hostname.description, queues.description] + daemon.files + [
            beat.description, taskEvents.description, statistics.description, discard.description, force.description,
            timeLimit.description, softTimeLimit.description, taskMaxMemory.description, shutdownTimeout.description,
            maxTasksPerChild.description, maxMemoryPerChild.description, prefetch.description, autoscale.description, burst.description,
            maxTasks.description, supervised.description,
        ] + daemon.surroundings + daemon.control

    /// The options that set settings.
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
