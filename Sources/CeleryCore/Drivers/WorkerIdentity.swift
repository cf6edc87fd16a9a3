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
    /// How many tasks it runs at a time. Of what it held when it died, no more than that can
    /// have begun; the rest only waited. By default all of it may have.
    public let slots: Int

    public init(id: String, name: String, pid: Int, process: String, slots: Int = .max) {
        self.slots = slots
        self.pid = pid
        self.id = id
        self.name = name
        self.process = process
    }
}
