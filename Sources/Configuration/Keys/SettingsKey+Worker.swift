import CeleryCore

extension SettingsKey {
    /// What `celeryd` does.
    package static let workerKeys: [SettingsKey] = [
        SettingsKey(
            "CELERYD_CONCURRENCY", aliases: ["CELERY_CONCURRENCY"], .whole(0...10_000), default: "0",
            "How many tasks run at once; 0 is one for each processor."
        ) { $0.settings.concurrency = $1 },
        SettingsKey(
            "CELERYD_AUTOSCALE", .autoscale, default: nil,
            "Between how many and how many tasks run at once, as \"10,2\": pool processes are added while work waits that may begin, and go when they have nothing to do. Counts before CELERYD_CONCURRENCY."
        ) { $0.settings.autoscale = $1 },
        SettingsKey(
            "CELERYD_AUTOSCALE_KEEPALIVE", .duration, default: "\"30s\"",
            "How long pool processes must have had nothing to do before some go; 0 is at once."
        ) { $0.settings.autoscaleKeepalive = $1 ?? 0 },
        SettingsKey(
            "CELERY_QUEUES", .queues, default: nil,
            """
            The queues to take from: a list of names, or a table such as [CELERY_QUEUES.images] with \
            exchange, exchange_type, routing_key, queue_type, max_priority and weight of each. Without it, the \
            one of CELERY_DEFAULT_QUEUE. A worker takes from its queues by turns, so that a full one keeps no other waiting; one \
            with weight = 3, or in a list "images=3", has three turns where others have one.
            """
        ) { draft, entries in
            draft.settings.queues = entries.isEmpty ? [draft.settings.defaultQueue] : entries.map(\.name).distinct
            for entry in entries { if let weight = entry.weight { draft.settings.queueWeights[entry.name] = weight } }
            for entry in entries where entry.isTelling { draft.queueEntries[entry.name] = entry }
        },
        SettingsKey(
            "CELERYD_LOG_FILE", .path, default: "\"celeryd.log\"",
            "Log file of a detached worker, seen from the folder of the settings file."
        ) { $0.settings.logFile = $0.absolute($1) },
        SettingsKey(
            "CELERYD_DAEMON_LOG_LEVEL", aliases: ["CELERYD_LOG_LEVEL"],
            .logLevel, default: "\"INFO\"",
            "Least severity that is logged: DEBUG, INFO, WARNING (or WARN), ERROR, CRITICAL (or FATAL)."
        ) { $0.settings.logLevel = $1 },
        SettingsKey(
            "CELERYD_PID_FILE", .path, default: "\"celeryd.pid\"",
            "File with the process id of the worker, seen from the folder of the settings file."
        ) { $0.settings.pidFile = $0.absolute($1) },
        SettingsKey(
            "CELERYD_PREFETCH", .whole(0...100_000), default: "0",
            "How many messages to take beyond those that run; 0 lets the worker choose."
        ) { $0.settings.prefetch = $1 },
        SettingsKey(
            "CELERYD_TASK_TIME_LIMIT", .duration, default: "0",
            "Seconds after which a task is killed; 0 is never."
        ) { $0.settings.hardTimeLimit = $1 },
        SettingsKey(
            "CELERYD_TASK_SOFT_TIME_LIMIT", .duration, default: "0",
            "Seconds after which a task is told to stop; 0 is never."
        ) { $0.settings.softTimeLimit = $1 },
        SettingsKey(
            "CELERYD_TASK_MAX_MEMORY", .memory, default: "0",
            "Bytes of memory above which a task is killed, with all it started; 0 is never."
        ) { $0.settings.maxTaskMemory = $1 },
        SettingsKey(
            "CELERYD_MAX_TASKS_PER_CHILD", .whole(0...Int.max), default: "0",
            "Tasks after which a pool process is replaced by a new one; 0 is never."
        ) { $0.settings.maxTasksPerChild = $1 },
        SettingsKey(
            "CELERYD_MAX_MEMORY_PER_CHILD", .whole(0...Int.max >> 10), default: "0",
            "Kilobytes of resident memory after which a pool process is replaced; 0 is never."
        ) { $0.settings.maxMemoryPerChild = $1 },
        SettingsKey(
            "CELERYD_MAX_OUTPUT_BYTES", .bytes, default: "\"16m\"",
            "Bytes of a program's standard output that are kept as its return value."
        ) { $0.settings.maxOutputBytes = $1 },
        SettingsKey(
            "CELERYD_SHUTDOWN_TIMEOUT", .duration, default: "0",
            "Seconds a worker that is asked to stop lets tasks run before it gives them back; 0 is as long as they take."
        ) { $0.settings.shutdownTimeout = $1 },
        SettingsKey(
            "CELERYD_CRASH_LIMIT", .whole(1...1_000), default: "3",
            "How often a task may lose the process it runs in before it is given up."
        ) { $0.settings.crashLimit = $1 },
        SettingsKey(
            "CELERYD_LEASE", .whole(1...86_400), default: "15",
            "Seconds after which a worker that hangs, or is stopped, loses its tasks to others, on the SQLite file. The death of its process is noticed at once."
        ) { $0.settings.lease = $1 },
        SettingsKey(
            "CELERY_DEFAULT_RATE_LIMIT", aliases: ["CELERY_TASK_DEFAULT_RATE_LIMIT"], .rate, default: nil,
            """
            How often each task may begin that has no rate_limit of its own: "10/s", "100/m" or "5/h". On SQLite \
            all workers of the file count together, elsewhere each by itself.
            """
        ) { $0.settings.defaultRate = $1 },
        SettingsKey(
            "CELERY_DISABLE_RATE_LIMITS", aliases: ["CELERY_WORKER_DISABLE_RATE_LIMITS"], .truth, default: "false",
            "Whether tasks begin as often as they come, whatever their rate_limit says."
        ) { $0.settings.disablesRates = $1 },
        SettingsKey(
            "CELERY_STATISTICS", .truth, default: "false",
            "Whether workers count how many tasks of each name ran, and how long they took, for celery-stats(1)."
        ) { $0.settings.keepsStatistics = $1 },
    ]

    /// What tasks there are, and what becomes of them.
    package static let taskKeys: [SettingsKey] = [
        SettingsKey(
            "INSTALLED_APPS", .list(of: .text), default: "[]",
            "Folders beside the settings file; every executable in the folder `tasks` of each is a task."
        ) { $0.settings.installedApps = $1 },
        SettingsKey(
            "CELERY_DEFAULT_QUEUE", .queue, default: "\"celery\"",
            "Queue of messages for which nothing else is said."
        ) { $0.settings.defaultQueue = $1 },
        SettingsKey(
            "CELERY_IGNORE_RESULT", .truth, default: "false",
            "Whether return values are thrown away, unless a task says otherwise."
        ) { $0.settings.ignoreResult = $1 },
        SettingsKey(
            "CELERY_TASK_RESULT_EXPIRES", .duration, default: "\"5d\"",
            "Seconds a result is kept after its task has finished; 0 is for ever."
        ) { $0.settings.resultExpires = $1 },
    ]
}

extension SettingsKind where Value == RateSetting {
    /// A rate, in Celery's notation.
    fileprivate static let rate = SettingsKind(name: "rate") { input throws(SettingsComplaint) in
        let text: String =
            switch input {
            case .whole(let number): String(number)
            case .text(let text), .word(let text): text
            default: ""
            }
        guard let rate = RateSetting(text) else {
            throw SettingsComplaint("must be a rate such as \"10/s\", \"100/m\" or \"5/h\", or \"unlimited\", not \(input.shown)")
        }
        return rate
    }
}
