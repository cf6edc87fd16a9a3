/// How many deliveries a worker holds: as many as it can start at once.
///
/// One for each child, and for tasks of a few milliseconds so many more that no child
/// waits for the worker between two. A task that takes long brings it back to one.
struct Prefetch {
    var children: Int
    /// Held beyond one for each child, when the user says so; 0 adapts.
    let fixed: Int
    /// Moving average of seconds a task takes; `nil` before the first.
    private var average: Double?
    /// No child has room for more than it runs, until one of them reports.
    private var isCongested = false

    /// Work that a child should have in front of it, in seconds.
    private static let lead = 0.016
    private static let longestLine = 160

    init(children: Int, fixed: Int) {
        self.children = children
        self.fixed = fixed
    }

    /// Deliveries to hold at most.
    var limit: Int {
        if isCongested { return children }
        if fixed > 0 { return children + fixed }
        guard let average else { return children }
        let line = Self.lead / max(average, 1e-6)
        return children * max(1, min(Self.longestLine, Int(line)))
    }

    /// How many places must be free before more is taken: a quarter, so that a busy
    /// worker does not ask the broker for every single one.
    var step: Int { max(1, limit / 4) }

    /// A task has taken so many seconds.
    mutating func note(duration: Double) {
        isCongested = false
        let old = average ?? duration
        average = old + (min(duration, 1) - old) / 8
    }

    /// Deliveries came back because all children are busy with something slow.
    mutating func noteCongestion() {
        isCongested = true
        average = 1
    }
}
