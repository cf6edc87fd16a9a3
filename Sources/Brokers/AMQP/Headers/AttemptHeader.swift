import CeleryCore
import Wire

/// The count of executions that lost their process, in a header of our own.
///
/// A classic queue says of a message only whether it was delivered before; a quorum queue counts how often it came
/// back, by a death or unbegun. So a worker that lives on when a child dies sends the message back with its number;
/// what died with a worker, or came back otherwise, is on top of what the header says. A number that may have begun is
/// never used again, so numbers that nobody began are passed over: they tell attempts apart and do not count them.
enum AttemptHeader {
    static let name = Message.attemptsHeader
    /// Executions that are known to have lost their process. Where it stands, all the others that `name` counts did not.
    static let crashesName = "celery_crashes"
    /// How often a message came back to its quorum queue.
    private static let countName = "x-delivery-count"

    /// What is worth a new message rather than one more return: RabbitMQ 4 throws a message away that came back to a
    /// quorum queue twenty times, and we would take some of them for deaths.
    static let manyReturns = 3

    /// What the headers say of a delivery.
    struct Reading: Equatable {
        /// Which execution it would be.
        var attempt: Int
        /// How often it came back to where it was delivered from.
        var returns: Int
        var crashes = 0
        /// Executions that may have lost their process.
        var doubts = 0
    }

    /// Takes the headers off.
    static func read(_ message: inout Message, isRedelivered: Bool) -> Reading {
        let earlier = message.takeAttempts()
        // Another queue's count, if it was not delivered before.
        let count = isRedelivered ? max(1, message.headers[countName]?.intValue ?? 1) : 0
        message.headers[countName] = nil
        // Anybody may have written them.
        let (limit, returns) = (Int(Int32.max), min(count, Int(Int32.max)))
        let crashes = message.headers[crashesName]?.intValue.map { min(max(0, $0), limit) }
        message.headers[crashesName] = nil
        let attempt = earlier + returns + 1
        return Reading(
            attempt: attempt, returns: returns, crashes: crashes ?? 0,
            doubts: crashes != nil ? returns : max(0, attempt - 1 - message.retries))
    }

    /// How often a delivery came back, before it is read.
    static func returns(of message: WireMessage) -> Int { message.headers[countName]?.intValue ?? 0 }

    /// The message after so many executions, of which so many lost their process. Without the headers it is as many as
    /// it has retries, and none.
    static func next(_ message: Message, after attempt: Int, crashes: Int) -> Message {
        guard attempt != message.retries || crashes > 0 else { return message }
        var again = message
        again.headers[name] = .int(Int64(attempt))
        again.headers[crashesName] = .int(Int64(crashes))
        return again
    }
}
