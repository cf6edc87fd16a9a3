/// The children of a pool as the worker knows them.
struct PoolProcesses {
    /// Process ids, in the order of their start.
    private(set) var ids: [Int32] = []
    /// Jobs each has begun.
    private var begun: [Int32: Int] = [:]

    /// These are the children now.
    mutating func note(_ ids: [Int32]) {
        self.ids = ids
        begun = begun.filter { ids.contains($0.key) }
    }

    /// A child has begun a job.
    mutating func began(_ process: Int32) { begun[process, default: 0] += 1 }

    /// Jobs begun, in the order of `ids`.
    var counts: [Int] { ids.map { begun[$0] ?? 0 } }
}
