package import CeleryCore

/// Which of the messages of a queue is the first: a number that is worked out once, when it comes to wait. Smaller is earlier.
///
/// Ageing needs no more than that: where a step of priority is worth a minute, a message ranks as if it had come a
/// minute earlier for each step, and whatever comes later than that stands behind it for good.
package struct MessageRanking: Sendable {
    /// Seconds of waiting that are worth one step of priority; `nil` when nothing ages.
    private let step: Double?

    /// - Parameter ageing: Seconds of waiting that are worth one step of priority; `nil` counts priority alone.
    package init(ageing: Double? = nil) { step = ageing }

    /// - Parameter now: When it was submitted; it waits from then, or from its ETA.
    package func rank(of message: Message, now: Timestamp) -> Int {
        let priority = message.priority ?? 0
        guard let step else { return -priority }
        let start = max(now, message.eta ?? now).seconds
        // To a millisecond; times that no calendar has are as good as the end of the one there is.
        return Int((min(start, 1e12) - Double(priority) * min(step, 1e9)) * 1_000)
    }
}
