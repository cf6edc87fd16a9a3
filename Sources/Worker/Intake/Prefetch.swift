/// The number of deliveries that a worker holds.
///
/// One for each child. For tasks of a few milliseconds more, so that no child waits for the worker between two tasks.
/// A long task brings the number back to one for each child.
struct Prefetch {
    var children: Int
    /// Deliveries to hold beyond one for each child; 0 adapts.
    let fixed: Int
    /// Moving average of task durations in seconds; `nil` before the first task has ended.
    private var average: Double?
    /// All children are busy with slow tasks; reset when a task ends.
    private var isCongested = false

    /// Seconds of work to hold for each child.
    private static let lead = 0.04
    /// The longest wait for the ends of other tasks, in seconds.
    private static let longestLinger = 0.01
    private static let maximumPerChild = 160

    init(children: Int, fixed: Int) {
        self.children = children
        self.fixed = fixed
    }

    /// The maximum number of deliveries to hold.
    var limit: Int {
        if isCongested { return children }
        if fixed > 0 { return children + fixed }
        guard let average else { return children }
        let perChild = Self.lead / max(average, 1e-6)
        return children * max(1, min(Self.maximumPerChild, Int(perChild)))
    }

    /// How much of `limit` must be free before more deliveries are taken: a quarter, so that a busy worker does not ask the
    /// broker for every single message.
    var step: Int { max(1, limit / 4) }

    /// How long to wait for the ends of other tasks after one has ended, so that one transaction records several.
    ///
    /// At most a third of the time for which jobs wait for the children, so that none of them becomes idle meanwhile.
    ///
    /// - Parameter held: The number of deliveries that the worker holds.
    /// - Returns: `nil` when few jobs wait: then the end is recorded at once, since others may depend on it.
    func linger(holding held: Int) -> Duration? {
        guard let average, !isCongested else { return nil }
        let work = average * Double(held - children) / Double(max(1, children))
        guard work >= Self.lead / 5 else { return nil }
        return .seconds(min(Self.longestLinger, work / 3))
    }

    /// Notes the duration of a task in seconds.
    mutating func note(duration: Double) {
        isCongested = false
        let old = average ?? duration
        average = old + (min(duration, 1) - old) / 8
    }

    /// Notes that the pool returned jobs because all children are busy with slow tasks.
    mutating func noteCongestion() {
        isCongested = true
        average = 1
    }
}
