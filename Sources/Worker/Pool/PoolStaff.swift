/// The children of a pool as the worker knows them.
struct PoolStaff {
    /// Process ids, in the order of their start.
    private(set) var processes: [Int32] = []
    /// Jobs each has begun.
    private var begun: [Int32: Int] = [:]

    /// These are the children now.
    mutating func note(_ processes: [Int32]) {
        self.processes = processes
        begun = begun.filter { processes.contains($0.key) }
    }

    /// A child has begun a job.
    mutating func began(_ process: Int32) { begun[process, default: 0] += 1 }

    /// Jobs begun, in the order of `processes`.
    var counts: [Int] { processes.map { begun[$0] ?? 0 } }
}
