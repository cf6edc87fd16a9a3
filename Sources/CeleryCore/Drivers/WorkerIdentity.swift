/// Which worker holds a lease.
///
/// The id is made anew at every start, so that a worker on a reused host name is
/// never taken for its dead predecessor.
public struct WorkerIdentity: Sendable, Hashable {
    /// Random, made at start.
    public let id: String
    /// The name for people, e.g. `celery@host`.
    public let name: String
    /// The process id, for people.
    public let pid: Int
    /// Tells the process from every other of this machine, now and later
    /// (pid, start time, boot, namespace); empty when unknown.
    public let process: String

    public init(id: String, name: String, pid: Int, process: String) {
        self.pid = pid
        self.id = id
        self.name = name
        self.process = process
    }
}
