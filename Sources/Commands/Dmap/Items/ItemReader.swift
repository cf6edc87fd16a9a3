import CeleryCore
import Processes

/// Reads items when asked, on a thread of its own: stdin may be silent for hours.
///
/// Back-pressure: nothing is read before `read` is called, except the rest of a block of input.
actor ItemReader {
    /// Items read together.
    struct Batch: Sendable {
        var items: [DmapItem] = []
        /// Items that the job log lists as done.
        var skipped = 0
        var isAtEnd = false
        /// The number of all items, as far as it can be told or estimated.
        var total: Int?
    }

    private let executor = BlockingExecutor(label: "celery.dmap.input")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let items: DmapItems
    private let history: JobHistory
    private let task: String
    private let repeatsFailed: Bool
    private var count = 0

    /// - Parameters:
    ///   - history: What is left out.
    ///   - repeatsFailed: Whether items that have failed are not left out.
    init(_ items: sending DmapItems, history: JobHistory = JobHistory(), task: String, repeatsFailed: Bool) {
        self.items = items
        self.history = history
        self.task = task
        self.repeatsFailed = repeatsFailed
    }

    /// The next items: those that are there, at least one unless the input ends. Blocks until there is one.
    func read(_ most: Int) throws -> Batch {
        var batch = Batch()
        while batch.items.count < most {
            if !batch.items.isEmpty || batch.skipped >= most, !items.isReady { break }
            guard var item = try items.next() else {
                batch.isAtEnd = true
                break
            }
            count += 1
            if let earlier = history.entry(of: item.number, JobLog.command(task, item)) {
                if !(earlier.isFailed && repeatsFailed) {
                    batch.skipped += 1
                    continue
                }
                item.failedSet = earlier.set
            }
            batch.items.append(item)
        }
        batch.total = total(isAtEnd: batch.isAtEnd)
        return batch
    }

    private func total(isAtEnd: Bool) -> Int? {
        if isAtEnd { return count }
        if let total = items.total { return total }
        guard let share = items.share, share > 0 else { return nil }
        return Int(Double(count) / share)
    }
}
