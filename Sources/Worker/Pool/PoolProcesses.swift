/// The children of a pool, as last reported to the worker.
struct PoolProcesses {
    /// Process ids, in the order of their start.
    private(set) var ids: [Int32] = []
    /// Number of jobs begun, by process id.
    private var begun: [Int32: Int] = [:]

    /// Replaces the list of children.
    mutating func note(_ ids: [Int32]) {
        self.ids = ids
        begun = begun.filter { ids.contains($0.key) }
    }

    /// Notes that a child has begun a job.
    mutating func began(_ process: Int32) { begun[process, default: 0] += 1 }

    /// Jobs begun, in the order of `ids`.
    var counts: [Int] { ids.map { begun[$0] ?? 0 } }
}
