/// The children of a pool, as last reported to the worker.
struct PoolStaff {
    /// Process ids, in the order of their start.
    private(set) var processes: [Int32] = []
    /// Number of jobs begun, by process id.
    private var begun: [Int32: Int] = [:]

    /// Replaces the list of children.
    mutating func note(_ processes: [Int32]) {
        self.processes = processes
        begun = begun.filter { processes.contains($0.key) }
    }

    /// Notes that a child has begun a job.
    mutating func began(_ process: Int32) { begun[process, default: 0] += 1 }

    /// Number of jobs each child has begun, in the order of `processes`.
    var counts: [Int] { processes.map { begun[$0] ?? 0 } }
}
