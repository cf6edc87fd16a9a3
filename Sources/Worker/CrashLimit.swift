import CeleryCore
import Tasks

/// How often the process of a task may be lost before its message is buried.
struct CrashLimit {
    /// Multiplier of the limit for deaths of workers that cannot be blamed on a task.
    ///
    /// The death of a child is blamed on the task it ran, and so is the death of a worker whose broker records running
    /// tasks. Otherwise a worker's death says little about any one task: most of its tasks only waited for a child.
    private static let workerDeathAllowance = 5

    private let limit: Int

    init(of definition: TaskDefinition, by configuration: WorkerConfiguration) {
        limit = definition.terms.crashLimit ?? configuration.crashLimit
    }

    /// - Parameters:
    ///   - crashes: Losses that are blamed on the task.
    ///   - doubts: Deaths of workers that had the task and may have run it.
    func isReached(crashes: Int, doubts: Int) -> Bool {
        crashes >= limit || crashes + doubts >= limit * Self.workerDeathAllowance
    }
}
