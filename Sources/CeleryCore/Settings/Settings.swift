/// The merged values of `celery.toml`, the environment and the flags: read once, then constant.
///
/// Defaults are those of the original where it had them (`CELERYD_LOG_FILE`, ...). The names in the file, their help and
/// checks are in the room `Configuration`.
public struct Settings: Sendable, Equatable {
    /// The folder of `celery.toml`, absolute; relative paths in the file start here.
    public var projectFolder: String
    /// The file that was read, absolute; `nil` without one.
    public var file: String?

    /// One URL, or alternatives separated by `;`. Includes the password: display `ServiceURL.redacted`.
    public var brokerURL: String
    /// The result store; like `brokerURL`.
    public var resultURL: String
    /// INSTALLED_APPS: folders with a `tasks` folder inside.
    public var installedApps: [String] = []

    /// 0 means as many as there are processors.
    public var concurrency = 0
    /// The limits of the number of children when it follows the work; `nil` fixes it at `concurrency`.
    public var autoscale: AutoscaleRange?
    /// Seconds after which an idle child is stopped.
    public var autoscaleKeepalive = 30.0
    public var queues: [String] = [Route.defaultQueue]
    /// Absolute.
    public var logFile: String
    /// DEBUG, INFO, WARNING, ERROR or CRITICAL.
    public var logLevel = "INFO"
    /// Absolute.
    public var pidFile: String
    /// The group, by name or number, whose members may use new SQLite files and read new logs and job logs; `nil` keeps
    /// them to their owner.
    public var fileGroup: String?
    /// Messages taken beyond free slots while tasks are short; 0 lets the worker choose.
    public var prefetch = 0
    /// Tasks after which a child is replaced; 0 never.
    public var maxTasksPerChild = 0
    /// Kilobytes of resident memory after which a child is replaced; 0 never.
    public var maxMemoryPerChild = 0
    /// Seconds after which a task is killed; `nil` never.
    public var hardTimeLimit: Double?
    /// Seconds after which a task is asked to stop; `nil` never.
    public var softTimeLimit: Double?
    /// Bytes of memory above which a task is killed; `nil` never.
    public var maxTaskMemory: Int?
    /// Attempts of a task that loses its process before it is given up.
    public var crashLimit = 3
    /// Seconds after which a silent worker loses its messages, on the SQLite file.
    public var lease = 15
    /// Rate of tasks that set none; `nil` is unlimited.
    public var defaultRate: RateSetting?
    /// Whether rates are ignored.
    public var disablesRates = false
    /// Whether workers count the outcomes of tasks.
    public var keepsStatistics = false
    /// Seconds that a stopping worker waits for running tasks; `nil` waits until they end.
    public var shutdownTimeout: Double?

    /// Whether workers send task events to monitors.
    public var sendsTaskEvents = false
    /// Whether clients send an event for each task they send.
    public var sendsSentEvents = false
    /// Seconds that events are stored for later readers; `nil` stores none.
    public var eventLog: Double? = 86_400

    /// Beats of one name on one broker share one schedule.
    public var beatName = "celery"
    public var beatPIDFile: String
    public var beatLogFile: String
    public var beatLogLevel = "INFO"
    /// The longest time, in seconds, between two checks of beat for due entries.
    public var beatMaxInterval = 300.0
    /// What `celery web` is told.
    public var web: WebSettings
    /// What `celery broker` and its clients are told.
    public var brokerServer: BrokerServerSettings

    public var defaultQueue = Route.defaultQueue
    /// Queues with more settings than their name.
    public var queueDefinitions: [String: QueueDefinition] = [:]
    /// Weights of queues whose weight is not 1: their share of a worker's capacity.
    public var queueWeights: [String: Int] = [:]
    /// Seconds of waiting worth one step of priority, at an embedded broker; `nil` ranks by priority alone.
    public var priorityAgeing: Double?
    /// The type of all other queues.
    public var queueType = QueueDefinition.QueueType.classic
    /// Makes all other queues priority queues; `nil` makes them plain queues.
    public var queueMaxPriority: Int?
    /// Seconds between heartbeats of a connection to a broker; 0 turns them off.
    public var brokerHeartbeat = 10
    /// Seconds allowed for connecting to a broker.
    public var connectionTimeout = 4.0
    /// Seconds allowed for a broker to accept messages.
    public var publishTimeout = 30.0
    /// Seconds a result is stored; `nil` stores it for ever.
    public var resultExpires: Double? = 5 * 86_400
    /// Seconds a failure is stored in a Redis server; `nil` for as long as other results, infinity for ever.
    public var failureExpires: Double?
    /// Seconds the records of a chord are stored in a Redis server; `nil` for as long as results, infinity for ever.
    public var chordExpires: Double?
    /// Before every key in a Redis server: Python's `global_keyprefix`.
    public var resultKeyPrefix = ""
    /// The size in bytes up to which the arguments of a task are kept with its result; 0 keeps none, and shows none anywhere.
    public var argumentLimit = 65_536
    /// Parts of the names whose values are not shown: see `Redaction`.
    package var redactedNames = Redaction.defaultParts
    /// What is shown of arguments, settings and variables.
    package var redaction: Redaction { Redaction(redactedNames, leavesOutArguments: argumentLimit == 0) }
    public var ignoreResult = false
    /// Whether results are also sent to the queue that a message names in `reply_to`.
    public var sendsReplies = true
    /// How results are written to the tables of Python's Celery.
    public var pythonResultFormat = PythonResultFormat.json
    /// `full` or `normal`, for the SQLite file.
    public var durability = "full"
    /// Whether the members of `fileGroup` may also write to new SQLite files.
    public var databaseGroupWrites = true
    /// Bytes kept of each stream that an attempt writes to, for `celery logs`; 0 keeps nothing.
    public var keptOutputBytes = 64 << 10
    /// Seconds that output is kept; `nil` as long as results.
    public var outputExpires: Double?
    /// Bytes of lines that an attempt may add to the worker's log.
    public var logBytesPerTask = 64 << 10
    /// Bytes of a program's stdout kept as its return value.
    public var maxOutputBytes = 16 << 20
    /// The file with the key that signs commands, absolute; `nil` uses the one beside the database.
    public var commandKey: String?
    /// The commands that may run; `nil` allows all.
    public var commandPatterns: [String]?
    /// Variables that commands take along, besides the usual ones.
    public var commandVariables: [String] = []
    /// The HTTP tasks of the settings file.
    package var httpTasks: [HTTPTaskSection] = []
    /// The hosts that a URL in a message may name.
    package var httpHosts = HTTPHosts()
    /// The files with the keys that sign requests, absolute, by host.
    package var httpKeys: [String: String] = [:]
    /// The queue of calls that tell servers of the end of tasks; `nil` is the queue of the task.
    package var webhookQueue: String?
    /// How many HTTP tasks a worker has under way at once.
    public var httpConcurrency = 100
    /// Mails to the administrators.
    package var mail: MailSettings

    /// The defaults for a project: everything in one SQLite file, `celery.db` in its folder.
    public init(projectFolder: String, file: String? = nil) {
        self.projectFolder = projectFolder
        self.file = file
        let folder = projectFolder.hasSuffix("/") ? projectFolder : projectFolder + "/"
        brokerURL = ServiceURL.sqlite(file: folder + "celery.db").text
        resultURL = brokerURL
        logFile = folder + "celeryd.log"
        pidFile = folder + "celeryd.pid"
        beatLogFile = folder + "celerybeat.log"
        beatPIDFile = folder + "celerybeat.pid"
        mail = MailSettings(spool: folder + "celery.mail")
        web = WebSettings(folder: folder)
        brokerServer = BrokerServerSettings(folder: folder)
    }
}
