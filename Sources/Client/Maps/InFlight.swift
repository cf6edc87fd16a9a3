/// How many items may be at the broker and at workers at a time: enough to keep the workers busy, and no more, so that other
/// tasks of the queue get their turn, and little has to be withdrawn after an interruption.
package struct InFlight: Sendable {
    private let isFixed: Bool
    private let least: Int
    /// The items that may be there now.
    package private(set) var limit: Int
    /// Items that finished per second, lately.
    package private(set) var rate = 0.0
    private var count = 0
    private var since: ContinuousClock.Instant

    /// Without knowing the pool of the workers.
    private static let start = 64
    /// For each child of a pool of our own.
    private static let perChild = 16
    /// Beyond this, larger batches bring nothing.
    private static let most = 8_192
    /// Seconds of work that are there in advance.
    private static let ahead = 0.5
    private static let period: Duration = .milliseconds(250)

    /// - Parameters:
    ///   - fixed: The limit, if the user sets it; otherwise it follows the speed of the workers.
    ///   - children: The size of our own pool; `nil` without one.
    package init(fixed: Int?, children: Int?, now: ContinuousClock.Instant = .now) {
        isFixed = fixed != nil
        least = fixed ?? max(Self.start, (children ?? 0) * Self.perChild)
        limit = least
        since = now
    }

    /// Notes finished items.
    package mutating func note(_ finished: Int, now: ContinuousClock.Instant = .now) {
        count += finished
        let time = now - since
        guard time >= Self.period else { return }
        let latest = Double(count) / (time / .seconds(1))
        rate = rate == 0 ? latest : rate * 0.7 + latest * 0.3
        if !isFixed { limit = min(Self.most, max(least, Int(latest * Self.ahead))) }
        count = 0
        since = now
    }

    /// How many items to read now.
    ///
    /// - Parameter open: Items that were read and have not finished.
    /// - Returns: 0 if it is better to wait: many items in one commit cost less than one.
    package func room(open: Int) -> Int {
        let room = limit - open
        return room * 4 >= limit || open == 0 ? max(0, room) : 0
    }
}
