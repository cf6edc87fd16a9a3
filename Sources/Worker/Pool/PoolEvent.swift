
/// What the pool tells the worker.
package enum PoolEvent: Sendable {
    /// A child of this process id has begun a job.
    case began(tag: Int64, pid: Int32)
    /// A job has ended.
    case report(JobReport)
    /// Jobs that were never begun: to be given back to the broker.
    case returned([Int64])
    /// A job was under way in a child that died.
    case lost(tag: Int64, reason: String)
    /// A job was killed, with its child, at its hard limit.
    case timedOut(tag: Int64, seconds: Double)
    /// A line of a task for the log.
    case log(LogLine)
    /// A child took the place of one that died; why that was.
    case replaced(String)
    /// A child is missing and cannot be started now; why that is. It is tried again.
    case short(String)
    /// The process ids of all children that are, in the order of their start; told when that has changed.
    case staffed([Int32])
    /// So many children are ready for work.
    case ready(Int)
    /// Children die before they get ready, time and again.
    case failed(String)
    /// All children are gone after `finish` or `kill`.
    case ended
}

/// How a pool is made.
package struct PoolConfiguration: Sendable {
    /// Children to keep.
    package var size: Int
    /// The program that children are: ours.
    package var executable: String
    /// argv of a child, from argv[0] on.
    package var arguments: [String]
    /// The folder children start in.
    package var folder: String
    /// Variables added to ours.
    package var environment: [String: String]
    /// Jobs after which a child is replaced; 0 for never.
    package var maxTasksPerChild: Int
    /// Kilobytes of resident memory after which a child is replaced; 0 for never.
    package var maxMemoryPerChild: Int

    package init(
        size: Int, executable: String, arguments: [String], folder: String, environment: [String: String] = [:],
        maxTasksPerChild: Int = 0, maxMemoryPerChild: Int = 0
    ) {
        self.size = size
        self.executable = executable
        self.arguments = arguments
        self.folder = folder
        self.environment = environment
        self.maxTasksPerChild = maxTasksPerChild
        self.maxMemoryPerChild = maxMemoryPerChild
    }
}
