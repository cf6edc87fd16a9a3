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
        "queues", short: "Q", placeholder: "A,B", .commaSeparated(.nonEmptyText), help: "Take tasks from these queues.",
        settings: ["CELERY_QUEUES"], completion: .queue)
    static let logLevel = Option.value(
        "loglevel", short: "l", placeholder: "LEVEL", .choice(levels), help: "Log from this level on.",
        settings: ["CELERYD_DAEMON_LOG_LEVEL"])
    static let logFile = Option.value(
        "logfile", short: "f", placeholder: "FILE", .nonEmptyText,
        help: "Append the log to FILE; by default stderr, or celeryd.log when detached.", settings: ["CELERYD_LOG_FILE"],
        completion: .file)
    static let pidFile = Option.value(
        "pidfile", short: "p", placeholder: "FILE", .nonEmptyText,
        help: "Write the process id to FILE and keep it locked; celeryd.pid when detached.",
        settings: ["CELERYD_PID_FILE"], completion: .file)
    static let detach = Option.flag(
        "detach", short: "d", aliases: ["daemon"], help: "Work in the background; returns when the worker consumes.")
    static let discard = Option.flag("discard", help: "Erase what waits in the queues first; asks on a terminal.")
    static let force = Option.flag("force", help: "Do not ask before --discard.")
    static let timeLimit = Option.value(
        "time-limit", placeholder: "S", .duration, help: "Kill tasks after so many seconds.",
        settings: ["CELERYD_TASK_TIME_LIMIT"])
    static let softTimeLimit = Option.value(
        "soft-time-limit", placeholder: "S", .duration, help: "Tell tasks to stop after so many seconds.",
        settings: ["CELERYD_TASK_SOFT_TIME_LIMIT"])
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
    static let burst = Option.flag("burst", help: "Work until nothing in the queues is due, then exit with 0; what is for later stays.")
    static let maxTasks = Option.value(
        "max-tasks", placeholder: "N", .integer(in: 1...1_000_000_000), help: "Exit with 0 after N tasks.")
    static let uid = Option.value("uid", short: "u", placeholder: "USER", .nonEmptyText, help: "Become this user, by name or number.")
    static let gid = Option.value("gid", short: "g", placeholder: "GROUP", .nonEmptyText, help: "Become this group, by name or number.")
    static let umask = Option.value("umask", placeholder: "MODE", .octalMode, help: "Keep these permission bits from new files, in octal.")
    static let chroot = Option.value(
        "chroot", placeholder: "DIR", .nonEmptyText,
        help: "Make DIR the root folder; it needs /proc and the program's libraries.", completion: .directory)
    static let stop = Option.flag("stop", help: "Stop the worker of the pidfile, and wait until it is gone.")
    static let restart = Option.flag("restart", help: "Have the worker of the pidfile begin anew with new settings.")
    static let isRunning = Option.flag("is-running", help: "Exit with 0 if the worker of the pidfile runs, else with 1.")

    /// As the setting takes them.
    static let levels: [String] = {
        let names = ["DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"]
        return names + names.map { $0.lowercased() }
    }()

    static let all: [OptionDescription] = [
        concurrency.description, hostname.description, queues.description, logLevel.description, logFile.description,
        pidFile.description, detach.description, discard.description, force.description, timeLimit.description,
        softTimeLimit.description, maxTasksPerChild.description, maxMemoryPerChild.description, prefetch.description,
        burst.description, maxTasks.description, uid.description, gid.description, umask.description, chroot.description,
        stop.description, restart.description, isRunning.description,
    ]

    /// The options that set settings.
    static func flags(_ arguments: ParsedArguments) -> [SettingsFlag] {
        var flags: [SettingsFlag] = []
        func add(_ option: String, _ key: String, _ text: String?) {
            if let text { flags.append(SettingsFlag(option: "--\(option)", key: key, text: text)) }
        }
        add("concurrency", "CELERYD_CONCURRENCY", arguments[concurrency].map(String.init))
        add("queues", "CELERY_QUEUES", arguments[queues]?.joined(separator: ","))
        add("loglevel", "CELERYD_DAEMON_LOG_LEVEL", arguments[logLevel])
        add("logfile", "CELERYD_LOG_FILE", arguments[logFile])
        add("pidfile", "CELERYD_PID_FILE", arguments[pidFile])
        add("time-limit", "CELERYD_TASK_TIME_LIMIT", arguments[timeLimit].map { "\($0.inSeconds)" })
        add("soft-time-limit", "CELERYD_TASK_SOFT_TIME_LIMIT", arguments[softTimeLimit].map { "\($0.inSeconds)" })
        add("max-tasks-per-child", "CELERYD_MAX_TASKS_PER_CHILD", arguments[maxTasksPerChild].map(String.init))
        add("max-memory-per-child", "CELERYD_MAX_MEMORY_PER_CHILD", arguments[maxMemoryPerChild].map(String.init))
        add("prefetch", "CELERYD_PREFETCH", arguments[prefetch].map(String.init))
        return flags
    }
}

extension ValueParser where Value == UInt32 {
    /// Permission bits in octal.
    static var octalMode: Self {
        Self { (text) throws(InvalidValue) in
            guard let mode = UInt32(text, radix: 8), mode <= 0o777 else {
                throw InvalidValue("is not a mode", advice: "write octal digits, as 022")
            }
            return mode
        }
    }
}
