import CeleryCore

/// Since when a message has waited for the limits of its task, in a header of our own: a postponed message must not
/// queue behind messages sent since.
enum WaitHeader {
    /// Unix seconds.
    private static let name = "celery_waits_since"

    /// Reads and removes the header.
    static func read(_ message: inout Message) -> Timestamp? {
        guard let told = message.headers[name] else { return nil }
        message.headers[name] = nil
        // Check the value: anybody may have written it.
        return told.doubleValue.flatMap { $0.isFinite ? Timestamp(seconds: $0) : nil }
    }

    static func write(_ since: Timestamp, on message: Message) -> Message {
        var message = message
        message.headers[name] = .double(since.seconds)
        return message
    }
}
