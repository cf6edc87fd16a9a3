package import CeleryCore
package import Processes

/// An event that the pool reports to the worker.
package enum PoolEvent: Sendable {
    /// The process with this id has begun a job: a child, or the worker itself for a job that needs no child.
    case began(tag: Int64, pid: Int32)
    /// A job has ended.
    case report(JobReport)
    /// Jobs that never began and must be returned to the broker.
    case returned([Int64])
    /// Like `returned`, for jobs named in `recall` or `terminate`, and jobs whose task files have changed.
    case recalled([Int64])
    /// A job was running in a child that died.
    case lost(tag: Int64, reason: String, cause: DeathReason)
    /// A job was killed together with its child at its hard time limit.
    case timedOut(tag: Int64, seconds: Double)
    /// A job was killed together with its child because the child exceeded the job's memory limit; in bytes.
    case outgrew(tag: Int64, limit: Int, peak: Int)
    /// A log line from a task.
    case log(LogLine)
    /// What a running job says about itself.
    case news(tag: Int64, JSONObject)
    /// What a running job has written so far, as an encoded `TaskOutput`.
    case output(tag: Int64, [UInt8])
    /// A child that died was replaced; with the reason of the death.
    case replaced(String)
    /// A child is missing and cannot be started, with the reason. The pool keeps trying.
    case short(String)
    /// The children have changed: the process ids of all current children, in the order of their start.
    case staffed([Int32])
    /// The number of children that are ready.
    case ready(Int)
    /// The pool cannot work: its children cannot be started, or die repeatedly before they are ready. With the reason.
    case failed(String)
    /// All children have exited, and all HTTP calls have ended, after `finish`, `kill` or `failed`.
    case ended
}

/// The configuration of a pool.
package struct PoolConfiguration: Sendable {
    /// Number of children.
    package var size: Int
    /// Path of the program that children execute: this binary.
    package var executable: String
    /// argv of a child, including argv[0].
    package var arguments: [String]
    /// Working directory of the children.
    package var folder: String
    /// Variables added to this process's environment.
    package var environment: [String: String]
    /// Number of jobs after which a child is replaced; 0 for no limit.
    package var maxTasksPerChild: Int
    /// Resident memory in kilobytes above which a child is replaced; 0 for no limit.
    package var maxMemoryPerChild: Int
    /// The control groups in which children limit the memory of programs, if available.
    package var controlGroups: ControlGroupRoom?
    /// A file in which children record the jobs they begin; see `FlightRecord`.
    package var flightRecord: String?

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
