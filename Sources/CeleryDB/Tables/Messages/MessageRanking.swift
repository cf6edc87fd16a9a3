package import CeleryCore

/// The rank of a message in its queue, computed once when it starts to wait. Smaller ranks come first.
///
/// This is enough for ageing: where a priority step is worth a minute, a message ranks as if it had arrived a minute
/// earlier for each step, and all later messages stay behind it.
package struct MessageRanking: Sendable {
    /// Seconds of waiting worth one step of priority; `nil` without ageing.
    private let step: Double?

    /// - Parameter ageing: Seconds of waiting worth one step of priority; `nil` ranks by priority alone.
    package init(ageing: Double? = nil) { step = ageing }

    /// - Parameter now: Time of submission; the message waits from then, or from its ETA.
    package func rank(of message: Message, now: Timestamp) -> Int {
        let priority = message.priority ?? 0
        guard let step else { return -priority }
        let start = max(now, message.eta ?? now).seconds
        // Milliseconds. Clamped: a time beyond any calendar ranks last.
        return Int((min(start, 1e12) - Double(priority) * min(step, 1e9)) * 1_000)
    }
}
