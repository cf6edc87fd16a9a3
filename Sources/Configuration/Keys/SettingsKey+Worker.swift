import CeleryCore

extension SettingsKey {
    /// The settings of `celeryd`.
    package static let workerKeys: [SettingsKey] = [
        SettingsKey(
            "CELERYD_CONCURRENCY", aliases: ["CELERY_CONCURRENCY"], .whole(0...10_000), default: "0",
            "Number of tasks that run concurrently; 0 means one for each processor."
        ) { $0.settings.concurrency = $1 },
        SettingsKey(
            "CELERYD_AUTOSCALE", .autoscale, default: nil,
            "Maximum and minimum pool size, such as \"10,2\": pool children are added while runnable tasks wait, and removed when idle. Overrides CELERYD_CONCURRENCY."
        ) { $0.settings.autoscale = $1 },
        SettingsKey(
            "CELERYD_AUTOSCALE_KEEPALIVE", .duration, default: "\"30s\"",
            "How long pool children must be idle before some are removed; 0 means immediately."
        ) { $0.settings.autoscaleKeepalive = $1 ?? 0 },
        SettingsKey(
            "CELERY_QUEUES", .queues, default: nil,
            """
            The queues to consume: a list of names, or tables such as [CELERY_QUEUES.images] with \
            exchange, exchange_type, routing_key, queue_type, max_priority and weight. The default is the \
            queue of CELERY_DEFAULT_QUEUE. A worker consumes its queues in turn, so that a full queue does not delay the others; a queue \
            with weight = 3, or "images=3" in a list, gets three turns for each turn of the others.
            """
        ) { draft, entries in
            draft.settings.queues = entries.isEmpty ? [draft.settings.defaultQueue] : entries.map(\.name).distinct
            for entry in entries { if let weight = entry.weight { draft.settings.queueWeights[entry.name] = weight } }
            for entry in entries where entry.isTelling { draft.queueEntries[entry.name] = entry }
        },
        SettingsKey(
            "CELERYD_LOG_FILE", .path, default: "\"celeryd.log\"",
            "Log file of a detached worker, relative to the folder of the settings file."
        ) { $0.settings.logFile = $0.absolute($1) },
        SettingsKey(
            "CELERYD_DAEMON_LOG_LEVEL", aliases: ["CELERYD_LOG_LEVEL"],
            .logLevel, default: "\"INFO\"",
            "Lowest severity that is logged: DEBUG, INFO, WARNING (or WARN), ERROR, CRITICAL (or FATAL)."
        ) { $0.settings.logLevel = $1 },
        SettingsKey(
            "CELERYD_PID_FILE", .path, default: "\"celeryd.pid\"",
            "File with the process id of the worker, relative to the folder of the settings file."
        ) { $0.settings.pidFile = $0.absolute($1) },
        SettingsKey(
            "CELERYD_PREFETCH", .whole(0...100_000), default: "0",
            "Number of messages to prefetch beyond the running tasks; 0 lets the worker choose."
        ) { $0.settings.prefetch = $1 },
        SettingsKey(
            "CELERYD_TASK_TIME_LIMIT", .duration, default: "0",
            "Seconds after which a task is killed; 0 means never."
        ) { $0.settings.hardTimeLimit = $1 },
        SettingsKey(
            "CELERYD_TASK_SOFT_TIME_LIMIT", .duration, default: "0",
            "Seconds after which a task is asked to stop; 0 means never."
        ) { $0.settings.softTimeLimit = $1 },
        SettingsKey(
            "CELERYD_TASK_MAX_MEMORY", .memory, default: "0",
            "Bytes of memory above which a task is killed with all its processes; 0 means no limit."
        ) { $0.settings.maxTaskMemory = $1 },
        SettingsKey(
            "CELERYD_MAX_TASKS_PER_CHILD", .whole(0...Int.max), default: "0",
            "Number of tasks after which a pool child is replaced; 0 means never."
        ) { $0.settings.maxTasksPerChild = $1 },
        SettingsKey(
            "CELERYD_MAX_MEMORY_PER_CHILD", .whole(0...Int.max >> 10), default: "0",
            "Kilobytes of resident memory above which a pool child is replaced; 0 means never."
        ) { $0.settings.maxMemoryPerChild = $1 },
        SettingsKey(
            "CELERYD_MAX_OUTPUT_BYTES", .bytes, default: "\"16m\"",
            "Maximum bytes of a program's standard output that are stored as its return value."
        ) { $0.settings.maxOutputBytes = $1 },
        SettingsKey(
            "CELERYD_TASK_OUTPUT_BYTES", .memory, default: "\"64k\"",
            """
            Bytes kept of the stdout and of the stderr of each attempt for celery-logs(1), half of them from the beginning and half \
            from the end; 0 keeps nothing. Output is kept with results in SQLite, in PostgreSQL (postgresql://) and at celery broker; other result stores cannot keep it.
            """
        ) { $0.settings.keptOutputBytes = $1 ?? 0 },
        SettingsKey(
            "CELERYD_TASK_LOG_BYTES", .bytes, default: "\"64k\"",
            "Bytes of lines that an attempt of a task may add to the worker's log; the others are counted."
        ) { $0.settings.logBytesPerTask = $1 },
        SettingsKey(
            "CELERYD_SHUTDOWN_TIMEOUT", .duration, default: "0",
            "Seconds that a stopping worker lets tasks run before it requeues them; 0 means until they finish."
        ) { $0.settings.shutdownTimeout = $1 },
        SettingsKey(
            "CELERYD_CRASH_LIMIT", .whole(1...1_000), default: "3",
            "How many times a task may lose its process before it becomes a dead letter."
        ) { $0.settings.crashLimit = $1 },
        SettingsKey(
            "CELERYD_LEASE", .whole(1...86_400), default: "15",
            """
            Seconds after which other workers take over the tasks of a hanging or suspended worker, with SQLite and Redis. With SQLite the death \
            of a worker process is noticed immediately, with Redis after this time.
            """
        ) { $0.settings.lease = $1 },
        SettingsKey(
            "CELERY_DEFAULT_RATE_LIMIT", aliases: ["CELERY_TASK_DEFAULT_RATE_LIMIT"], .rate, default: nil,
            """
            Rate limit of each task without its own rate_limit: "10/s", "100/m" or "5/h". With SQLite, \
            the limit covers all workers of the file; otherwise each worker applies it separately.
            """
        ) { $0.settings.defaultRate = $1 },
        SettingsKey(
            "CELERY_DISABLE_RATE_LIMITS", aliases: ["CELERY_WORKER_DISABLE_RATE_LIMITS"], .truth, default: "false",
            "Whether to ignore all rate limits."
        ) { $0.settings.disablesRates = $1 },
        SettingsKey(
            "CELERY_STATISTICS", .truth, default: "false",
            "Whether workers collect counts and durations of tasks for celery-stats(1)."
        ) { $0.settings.keepsStatistics = $1 },
    ]

    /// The settings of tasks and their results.
    package static let taskKeys: [SettingsKey] = [
        SettingsKey(
            "INSTALLED_APPS", .list(of: .text), default: "[]",
            "Folders beside the settings file; every executable in the folder `tasks` of each is a task."
        ) { $0.settings.installedApps = $1 },
        SettingsKey(
            "CELERY_DEFAULT_QUEUE", .queue, default: "\"celery\"",
            "Queue of messages that specify no other."
        ) { $0.settings.defaultQueue = $1 },
        SettingsKey(
            "CELERY_IGNORE_RESULT", .truth, default: "false",
            "Whether return values are discarded, unless a task specifies otherwise."
        ) { $0.settings.ignoreResult = $1 },
        SettingsKey(
            "CELERY_RESULT_REPLIES", .truth, default: "true",
            """
            Whether a worker with a RabbitMQ broker also sends each result to the queue that its message names in reply_to, where \
            Python's clients with rpc:// wait for it, whatever the result store. Python's clients name such a queue in every message; \
            write false if they all read the result store. Ignored results are never sent. With a Redis broker results are sent so \
            unless they are in Redis, too.
            """
        ) { $0.settings.sendsReplies = $1 },
        SettingsKey(
            "CELERY_TASK_RESULT_EXPIRES", .duration, default: "\"5d\"",
            "Seconds after which the result of a finished task expires; 0 means never."
        ) { $0.settings.resultExpires = $1 },
        SettingsKey(
            "CELERY_RESULT_FAILURE_EXPIRES", .duration, default: nil,
            """
            Seconds after which a failure expires in a Redis server; 0 means never. The default is that of other results. Python's name for \
            it is result_failure_expires.
            """
        ) { $0.settings.failureExpires = $1 ?? .infinity },
        SettingsKey(
            "CELERY_RESULT_CHORD_EXPIRES", .duration, default: nil,
            """
            Seconds after which the records of a chord expire in a Redis or Memcached server, counted from the last member that ended; 0 means \
            never. The default is CELERY_TASK_RESULT_EXPIRES. Python's name for it is result_chord_expires.
            """
        ) { $0.settings.chordExpires = $1 ?? .infinity },
        SettingsKey(
            "CELERY_KEEP_ARGUMENTS", .memory, default: "\"64k\"",
            """
            Size up to which the arguments of a task are kept with its result in celery.db or PostgreSQL (postgresql://), for celery-list(1) and \
            celery-retry(1): bytes of the encoded arguments. 0 keeps none and leaves arguments out wherever they would be shown: \
            of lists, events, answers to celery-inspect(1), dead letters, logs, and titles of commands.
            """
        ) { $0.settings.argumentLimit = $1 ?? 0 },
        SettingsKey(
            "CELERY_REDACT", .list(of: .text),
            default: "[\(Redaction.defaultParts.map { "\"\($0)\"" }.joined(separator: ", "))]",
            """
            Secret names: a value is shown as *** if its name contains one of these words, in any case. This holds for keyword \
            arguments, members of objects, NAME=VALUE, --NAME VALUE and NAME: VALUE in arguments, environment variables of \
            celery-run(1) and settings, in lists, events, answers to celery-inspect(1), dead letters, logs, and titles of \
            commands. Messages and results are not changed: the task gets the value, and can be sent again. What a program \
            prints is not searched. [] hides nothing, as does CELERY_REDACT=, in the environment of a command.
            """
        ) { $0.settings.redactedNames = $1 },
        SettingsKey(
            "CELERY_COMMAND_KEY", .path, default: nil,
            """
            File with the key that signs the commands of celery-run(1): a line of at least 32 characters, readable by its owner \
            alone, the same at those who submit and at the workers. Needed with a broker other than a database of one's own, for \
            which the key is made beside the database. Workers then also need CELERY_COMMAND_PATTERNS.
            """
        ) { $0.settings.commandKey = $0.absolute($1) },
        SettingsKey(
            "CELERY_COMMAND_PATTERNS", .list(of: .text), default: nil,
            """
            The commands that celery-run(1) may run, such as ["ffmpeg -i *.mov ...", "/usr/bin/rsync ..."]. Each word of a pattern \
            is compared with one word of the command: ? is any character, * any number of them, and ... at the end any further \
            words; in the first word, ? and * match no slash. By default all commands may run, in a project of one's own; with an \
            empty list none.
            """
        ) { $0.settings.commandPatterns = $1 },
        SettingsKey(
            "CELERY_COMMAND_ENVIRONMENT", .list(of: .text), default: "[]",
            """
            Names of environment variables that celery-run(1) passes on besides the usual ones, such as ["AWS_*"]. Workers with \
            CELERY_COMMAND_PATTERNS accept no others.
            """
        ) { $0.settings.commandVariables = $1 },
        SettingsKey(
            "CELERY_TASK_OUTPUT_EXPIRES", .duration, default: "0",
            "Seconds after which the output of an attempt expires, unless its result is deleted before; 0 means as long as results."
        ) { $0.settings.outputExpires = $1 },
    ]
}

extension SettingsKind where Value == RateSetting {
    /// A rate in Celery's notation.
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
