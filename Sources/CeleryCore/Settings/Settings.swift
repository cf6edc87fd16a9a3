/// What `celery.toml`, the environment and the flags came to: read once, then fixed.
///
/// Defaults are those of the original where it had them (`CELERYD_LOG_FILE`, ...).
public struct Settings: Sendable, Equatable {
    /// The folder of `celery.toml`; relative paths in it start here.
    public var projectFolder: String
    /// The file that was read, if there is one.
    public var file: String?

    public var brokerURL: String?
    public var resultURL: String?
    /// INSTALLED_APPS: folders with a `tasks` folder inside.
    public var installedApps: [String] = []

    /// 0 means as many as there are processors.
    public var concurrency = 0
    public var queues: [String] = [Route.defaultQueue]
    public var logFile = "celeryd.log"
    public var logLevel = "INFO"
    public var pidFile = "celeryd.pid"
    /// Messages taken beyond free slots while tasks are short; 0 lets the worker choose.
    public var prefetch = 0
    /// Tasks after which a child is replaced; 0 never.
    public var maxTasksPerChild = 0
    /// Kilobytes of resident memory after which a child is replaced; 0 never.
    public var maxMemoryPerChild = 0
    public var hardTimeLimit: Double?
    public var softTimeLimit: Double?
    /// Attempts of a task that loses its process before it is given up.
    public var crashLimit = 3

    public var defaultQueue = Route.defaultQueue
    /// Seconds a result is kept; `nil` keeps it for ever.
    public var resultExpires: Double? = 5 * 86_400
    public var ignoreResult = false
    /// `full` or `normal`, for the SQLite file.
    public var durability = "full"
    /// Bytes of a program's stdout that are kept as its return value.
    public var maxOutputBytes = 16 << 20

    public init(projectFolder: String, file: String? = nil) {
        self.projectFolder = projectFolder
        self.file = file
    }
}
