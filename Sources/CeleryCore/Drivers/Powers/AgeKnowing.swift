/// Telling how long messages have waited.
public protocol AgeKnowing: Broker {
    /// When the oldest message that is due was submitted, by queue; queues without one are absent.
    func oldestWaiting() async throws -> [String: Timestamp]
}
