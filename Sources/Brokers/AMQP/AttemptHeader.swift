import CeleryCore
import Wire

/// The count of executions that lost their process, in a header of our own.
///
/// A classic queue says of a message only whether it was delivered before; a quorum queue counts how often it came
/// back, by a death or unbegun. So a worker that lives on when a child dies sends the message back with its number;
/// what died with a worker, or came back otherwise, is on top of what the header says.
enum AttemptHeader {
    static let name = Message.attemptsHeader
    /// How often a message came back to its quorum queue.
    private static let countName = "x-delivery-count"

    /// What is worth a new message rather than one more return: RabbitMQ 4 throws a message away that came back to a
    /// quorum queue twenty times, and we would take some of them for deaths.
    static let manyReturns = 3

    /// Which execution a delivery would be, and how often it came back to where it was delivered from.
    ///
    /// Takes the headers off.
    static func read(_ message: inout Message, isRedelivered: Bool) -> (attempt: Int, returns: Int) {
        let earlier = message.takeAttempts()
        // Another queue's count, if it was not delivered before.
        let count = isRedelivered ? max(1, message.headers[countName]?.intValue ?? 1) : 0
        message.headers[countName] = nil
        // Anybody may have written them.
        let returns = min(count, Int(Int32.max))
        return (earlier + returns + 1, returns)
    }

    /// How often a delivery came back, before it is read.
    static func returns(of message: WireMessage) -> Int { message.headers[countName]?.intValue ?? 0 }
}
