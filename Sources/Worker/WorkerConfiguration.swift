package import CeleryCore
package import Processes
package import Tasks

/// The settings of a worker; fixed before it starts.
package struct WorkerConfiguration: Sendable {
    package var identity: WorkerIdentity
    package var queues: [String]
    package var pool: PoolConfiguration
    /// Minimum and maximum pool size; `nil` turns autoscaling off.
    package var autoscale: AutoscaleRange?
    /// How long children are idle before the autoscaler stops them.
    package var autoscaleKeepalive: Duration = .seconds(30)
    /// Reported to operators who inspect the worker.
    package var facts = WorkerFacts()
    /// Messages to prefetch beyond one for each child; 0 adapts to the duration of tasks.
    package var prefetch = 0
    /// HTTP tasks under way at once, which do not count as held messages.
    package var calls = CallConfiguration()
    /// Seconds; the default for tasks and messages without a time limit of their own.
    package var softTimeLimit: Double?
    package var hardTimeLimit: Double?
    /// Bytes; the default for tasks and messages without a memory limit of their own.
    package var maxMemoryBytes: Int?
    /// Attempts that may lose their process before the worker gives up a task.
    package var crashLimit = 3
    /// The default for tasks without a rate of their own.
    package var defaultRate: RateSetting?
    /// Ignores all rates.
    package var disablesRates = false
    package var ignoreResult = false
    /// What events and answers to operators tell of arguments.
    package var redaction = Redaction()
    /// Whether a client that names a queue for the answer is answered, besides the result being stored.
    package var sendsReplies = true
    /// Which servers are told of the end of tasks.
    package var webhooks = WebhookRule()
    /// Why this worker runs no commands; `nil` if it does.
    package var commandRefusal: CommandRefusal?
    package var maxOutputBytes = 16 << 20
    /// Bytes of each standard stream of an attempt that are kept, if the store can keep output; 0 keeps nothing.
    package var keptOutputBytes = 64 << 10
    /// Bytes of lines that an attempt may add to the worker's log.
    package var logBytesPerTask = 64 << 10
    /// Events to send to monitors; `nil` sends none, not even heartbeats.
    package var events: WorkerEvents?
    /// Stop when the queues are empty.
    package var isBurst = false
    /// Stop after this many tasks; 0 means never.
    package var maxTasks = 0
    /// During a shutdown: how long to keep trying to record outcomes whose messages the broker would redeliver.
    package var stoppingPatience: Duration = .seconds(10)
    /// How long a warm shutdown may last before it becomes a cold one; `nil` waits for all running tasks.
    package var shutdownTimeout: Duration?

    /// Watches a folder of tasks, as `FileWatcher.add` does.
    package var watchFolder: @Sendable (String, UInt32, @escaping @Sendable () -> Void) -> FileWatcher.Registration? = { FileWatcher.shared.add($0, $1, $2) }

    package init(identity: WorkerIdentity, queues: [String], pool: PoolConfiguration) {
        self.identity = identity
        self.queues = queues
        self.pool = pool
    }
}

/// The events that a worker sends to monitors.
package struct WorkerEvents: Sendable {
    /// Whether to send events about each task; can be changed while the worker runs.
    package var ofTasks = false
    /// The version of this program.
    package var version: String

    package init(ofTasks: Bool, version: String) {
        self.ofTasks = ofTasks
        self.version = version
    }
}

/// Why a worker cannot go on.
package struct WorkerError: Error, Sendable, CustomStringConvertible {
    package var description: String
}
