/// The number of deliveries that a worker holds.
///
/// One for each child. For tasks of a few milliseconds more, so that no child waits for the worker between two tasks.
/// A long task brings the number back to one for each child. A broker that sends by itself is told by its consumer: RabbitMQ's
/// prefetch count is `DeliveryQueue.wanted`, sent by `Subscription.followPrefetch`.
struct Prefetch {
    var children: Int
    /// Deliveries to hold beyond one for each child; 0 adapts.
    let fixed: Int
    /// Of tasks in the children, with seconds of work to hold for each child.
    private var pace = Pace(lead: 0.04, longestLinger: 0.01, longestDuration: 1)
    /// All children are busy with slow tasks; reset when a task ends.
    private var isCongested = false

    private static let maximumPerChild = 160

    init(children: Int, fixed: Int) {
        self.children = children
        self.fixed = fixed
    }

    /// The maximum number of deliveries to hold.
    var limit: Int {
        if isCongested { return children }
        if fixed > 0 { return children + fixed }
        guard let average = pace.average else { return children }
        let perChild = pace.lead / max(average, 1e-6)
        return children * max(1, min(Self.maximumPerChild, Int(perChild)))
    }

    /// How much of `limit` must be free before more deliveries are taken: a quarter, so that a busy worker does not ask the
    /// broker for every single message.
    var step: Int { max(1, limit / 4) }

    /// How long to wait for the ends of other tasks after one has ended; see `Pace`.
    ///
    /// - Parameter held: The number of deliveries that the worker holds.
    func linger(holding held: Int) -> Duration? { isCongested ? nil : pace.linger(waiting: held - children, for: children) }

    /// Notes the duration of a task in seconds.
    mutating func note(duration: Double) {
        isCongested = false
        pace.note(duration: duration)
    }

    /// Notes that the pool returned jobs because all children are busy with slow tasks.
    mutating func noteCongestion() {
        isCongested = true
        pace.assume(duration: 1)
    }
}
