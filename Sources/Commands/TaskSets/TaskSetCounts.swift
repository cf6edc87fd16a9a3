import CeleryCore

/// What the counts of a set amount to.
struct TaskSetCounts {
    /// Finished tasks, and those of them that did not succeed.
    let done: Int
    let failed: Int
    /// Whether all tasks are finished; a set to which more are being added is not.
    let isFinished: Bool

    init(_ counts: [TaskState: Int], total: Int?) {
        let finished = counts.filter(\.key.isReady)
        let done = finished.values.reduce(0, +)
        self.done = done
        failed = done - (finished[.success] ?? 0)
        isFinished = total.map { done >= $0 } ?? false
    }
}
