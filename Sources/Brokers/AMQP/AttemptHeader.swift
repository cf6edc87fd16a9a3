import CeleryCore

/// The count of executions that lost their process, in a header of our own.
///
/// RabbitMQ says of a message only whether it was delivered before. So a worker that
/// lives on when a child dies sends the message back with its number; what died with a
/// worker is one more than the header says.
enum AttemptHeader {
    static let name = "celery_attempt"

    /// Which execution this delivery would be. Takes the header off.
    static func attempt(of message: inout Message, isRedelivered: Bool) -> Int {
        let earlier = message.headers[name]?.intValue ?? message.retries
        message.headers[name] = nil
        // Anybody may have written it.
        return min(max(0, earlier), Int(Int32.max)) + (isRedelivered ? 2 : 1)
    }

    /// The message after so many executions. Without the header it is as many as it has retries.
    static func next(_ message: Message, after attempt: Int) -> Message {
        var again = message
        guard attempt != message.retries else { return again }
        again.headers[name] = .int(Int64(attempt))
        return again
    }
}
