package import CeleryCore

/// What a worker is told; fixed before it starts.
package struct WorkerConfiguration: Sendable {
    package var identity: WorkerIdentity
    package var queues: [String]
    package var pool: PoolConfiguration
    /// The number of children follows the work within this; `nil` keeps it at the size of the pool.
    package var autoscale: AutoscaleRange?
    /// How long children have had nothing to do before they go.
    package var autoscaleKeepalive: Duration = .seconds(30)
    /// What it says of itself when it is asked.
    package var facts = WorkerFacts()
    /// Messages to hold beyond one for each child; 0 adapts to how long tasks take.
    package var prefetch = 0
    /// Seconds; of tasks and messages that name no limit.
    package var softTimeLimit: Double?
    package var hardTimeLimit: Double?
    /// Bytes; of tasks and messages that name no limit of memory.
    package var maxMemoryBytes: Int?
    /// Attempts that may lose their process before a task is given up.
    package var crashLimit = 3
    /// Of tasks that say nothing of their rate.
    package var defaultRate: RateSetting?
    /// Tasks begin as often as they come, whatever they say.
    package var disablesRates = false
    package var ignoreResult = false
    package var maxOutputBytes = 16 << 20
    /// Whether monitors are told that this worker lives, and whether of its tasks too; `nil` tells them nothing.
    package var events: WorkerEvents?
    /// Stop when the queues are empty.
    package var isBurst = false
    /// Stop after so many tasks; 0 for never.
    package var maxTasks = 0
    /// Once it is to stop: how long it tries in vain to record outcomes whose messages the
    /// broker would hand out again.
    package var stoppingPatience: Duration = .seconds(10)
    /// How long a warm shutdown may last before it becomes a cold one; `nil` is as long as what runs.
    package var shutdownTimeout: Duration?

    package init(identity: WorkerIdentity, queues: [String], pool: PoolConfiguration) {
        self.identity = identity
        self.queues = queues
        self.pool = pool
    }
}

/// What a worker tells monitors.
package struct WorkerEvents: Sendable {
    /// What becomes of each task; can be changed while it runs.
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
