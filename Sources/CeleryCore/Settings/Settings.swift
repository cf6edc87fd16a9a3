/// What `celery.toml`, the environment and the flags came to: read once, then fixed.
///
/// Defaults are those of the original where it had them (`CELERYD_LOG_FILE`, ...).
/// The names in the file, their help and their checks are in the room `Configuration`.
public struct Settings: Sendable, Equatable {
    /// The folder of `celery.toml`, absolute; relative paths in it start here.
    public var projectFolder: String
    /// The file that was read, absolute, if there is one.
    public var file: String?

    /// One URL, or alternatives separated by `;`. With its password: show `ServiceURL.redacted`.
    public var brokerURL: String
    /// Where results are kept; like `brokerURL`.
    public var resultURL: String
    /// INSTALLED_APPS: folders with a `tasks` folder inside.
    public var installedApps: [String] = []

    /// 0 means as many as there are processors.
    public var concurrency = 0
    /// The number of children follows the work within this; `nil` keeps it at `concurrency`.
    public var autoscale: AutoscaleRange?
    /// Seconds that children have had nothing to do before they go.
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
    /// Seconds after which a task is told to stop; `nil` never.
    public var softTimeLimit: Double?
    /// Bytes of memory above which a task is killed; `nil` never.
    public var maxTaskMemory: Int?
    /// Attempts of a task that loses its process before it is given up.
    public var crashLimit = 3
    /// Seconds that a worker without a sign of life keeps its messages, on the SQLite file.
    public var lease = 15
    /// How often tasks may begin that say nothing of it; `nil` is as often as they come.
    public var defaultRate: RateSetting?
    /// Whether rates are without effect.
    public var disablesRates = false
    /// Whether workers count what becomes of tasks.
    public var keepsStatistics = false
    /// Seconds a worker that is to stop gives what runs; `nil` is as long as that takes.
    public var shutdownTimeout: Double?

    /// Whether workers tell monitors what becomes of each task.
    public var sendsTaskEvents = false
    /// Whether clients tell monitors of each task they send.
    public var sendsSentEvents = false
    /// Seconds that events are kept for those who come later; `nil` keeps none.
    public var eventLog: Double? = 86_400

    /// Beats of one name on one broker share one schedule.
    public var beatName = "celery"
    public var beatPIDFile: String
    public var beatLogFile: String
    public var beatLogLevel = "INFO"
    /// The longest time, in seconds, between two looks of beat at what is due.
    public var beatMaxInterval = 300.0

    public var defaultQueue = Route.defaultQueue
    /// Queues of which more is said than their name.
    public var queueDefinitions: [String: QueueDefinition] = [:]
    /// How much of a worker's attention queues get that have another weight than 1.
    public var queueWeights: [String: Int] = [:]
    /// Seconds of waiting that count as much as one step of priority, at an embedded broker; `nil` counts priority alone.
    public var priorityAgeing: Double?
    /// What the other queues are.
    public var queueType = QueueDefinition.QueueType.classic
    /// Makes the other queues priority queues; `nil` makes them plain ones.
    public var queueMaxPriority: Int?
    /// Seconds between heartbeats of a connection to a broker; 0 turns them off.
    public var brokerHeartbeat = 10
    /// Seconds a connection to a broker may take.
    public var connectionTimeout = 4.0
    /// Seconds a broker may take to accept messages.
    public var publishTimeout = 30.0
    /// Seconds a result is kept; `nil` keeps it for ever.
    public var resultExpires: Double? = 5 * 86_400
    public var ignoreResult = false
    /// `full` or `normal`, for the SQLite file.
    public var durability = "full"
    /// Whether the members of `fileGroup` may write to new SQLite files, and not only read them.
    public var databaseGroupWrites = true
    /// Bytes of a program's stdout that are kept as its return value.
    public var maxOutputBytes = 16 << 20

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
    }
}
