import CeleryCore

/// Since when a message waits for the limits of its task, in a header of our own: what was postponed comes again beside
/// what was sent since, and is not to stand behind it.
enum WaitHeader {
    /// Unix seconds.
    private static let name = "celery_waits_since"

    /// Takes the header off.
    static func read(_ message: inout Message) -> Timestamp? {
        guard let told = message.headers[name] else { return nil }
        message.headers[name] = nil
        // Anybody may have written it.
        return told.doubleValue.flatMap { $0.isFinite ? Timestamp(seconds: $0) : nil }
    }

    static func write(_ since: Timestamp, on message: Message) -> Message {
        var message = message
        message.headers[name] = .double(since.seconds)
        return message
    }
}
