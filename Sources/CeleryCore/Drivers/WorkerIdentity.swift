/// Identifies the worker that holds a lease.
///
/// The id is new at every start, so that a worker on a reused host name is never mistaken for its dead predecessor.
public struct WorkerIdentity: Sendable, Hashable {
    /// Random, created at start.
    public let id: String
    /// The name for display, e.g. `celery@host`.
    public let name: String
    /// The process id, for display.
    public let pid: Int
    /// Distinguishes the process from all others on this machine, now and later (pid, start time, boot, namespace); empty when
    /// unknown.
    public let process: String

    public init(id: String, name: String, pid: Int, process: String) {
        self.pid = pid
        self.id = id
        self.name = name
        self.process = process
    }
}
