import CeleryCore

/// The headers that RabbitMQ adds to a message at each step of the ladder.
///
/// They must not be published again: RabbitMQ silently drops a message that would return to a queue by expiry
/// alone, and trusts these headers whoever sent them. A task retried twice with the same delay would be lost.
enum DeathHeaders {
    private static let list = "x-death"
    private static let others = ["first", "last"].flatMap { time in ["exchange", "queue", "reason"].map { "x-\(time)-death-\($0)" } }

    /// Removes the headers.
    static func remove(from message: inout Message) {
        guard message.headers[list] != nil else { return }
        for name in [list] + others { message.headers[name] = nil }
    }
}
