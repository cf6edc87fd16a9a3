import CeleryCore

/// What RabbitMQ writes on a message that it lets go down a step of the ladder.
///
/// It is not to go out again with the message: RabbitMQ drops, without a word, what is about to come to a queue a second
/// time by expiring alone, and takes these headers as the proof, whoever sent them. So a task that is tried again twice
/// after the same delay would be lost.
enum DeathHeaders {
    private static let list = "x-death"
    private static let others = ["first", "last"].flatMap { time in ["exchange", "queue", "reason"].map { "x-\(time)-death-\($0)" } }

    /// Takes them off.
    static func remove(from message: inout Message) {
        guard message.headers[list] != nil else { return }
        for name in [list] + others { message.headers[name] = nil }
    }
}
