import Beat
import CeleryCore
import Schedules

/// The coming runs of many entries, in the order of their times.
struct UpcomingRuns: Sequence, IteratorProtocol {
    struct Run {
        var entry: Entry
        var due: Timestamp
        /// When it is sent: the due time, with jitter.
        var time: Timestamp
        var isPaused: Bool
    }

    /// The next run of each entry, the earliest last.
    private var heads: [Run] = []
    private let pauses: [String: EntryPause]

    /// - Parameter records: the recorded states; runs already handled are left out.
    init(_ entries: [Entry], _ records: [String: EntryRecord], now: Timestamp) {
        pauses = records.compactMapValues(\.pause).filter { !$0.value.isOver(at: now) }
        for entry in entries {
            let record = records[entry.name].flatMap { $0.schedule == entry.periodic.schedule.description ? $0 : nil }
            if let run = run(of: entry, after: Swift.max(now, record?.handled ?? now)) { heads.append(run) }
        }
        heads.sort { Self.isBefore($1, $0) }
    }

    mutating func next() -> Run? {
        guard let run = heads.popLast() else { return nil }
        if let following = self.run(of: run.entry, after: run.due) {
            heads.insert(following, at: place(of: following))
        }
        return run
    }

    private func run(of entry: Entry, after time: Timestamp) -> Run? {
        guard let due = entry.periodic.schedule.next(after: time) else { return nil }
        let isPaused = pauses[entry.name].map { !$0.isOver(at: due) } ?? false
        return Run(entry: entry, due: due, time: entry.sendTime(due: due), isPaused: isPaused)
    }

    /// The index that keeps `heads` sorted: every run behind it comes earlier.
    private func place(of run: Run) -> Int {
        var (low, high) = (0, heads.count)
        while low < high {
            let middle = (low + high) / 2
            if Self.isBefore(run, heads[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func isBefore(_ left: Run, _ right: Run) -> Bool {
        (left.time, left.entry.name) < (right.time, right.entry.name)
    }
}
