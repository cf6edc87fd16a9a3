import CeleryCore
import Wire

/// The number of executions that lost their process, in headers of our own.
///
/// A classic queue only marks a message as redelivered; a quorum queue counts returns, whether the worker died or returned the
/// message unstarted. A worker that survives its child therefore sends a new message with the number in a header; deaths of
/// workers and other returns are added to the header's number. A number that an execution may have used is never used again, so
/// some numbers are skipped: they distinguish attempts and do not count them.
enum AttemptHeader {
    static let name = Message.attemptsHeader
    /// Executions known to have lost their process. If present, none of the other executions counted by `name` did.
    static let crashesName = "celery_crashes"
    /// Header in which a quorum queue counts the returns of a message.
    private static let countName = "x-delivery-count"

    /// Number of returns after which a new message is sent instead: RabbitMQ 4 drops a message that returned to a quorum
    /// queue twenty times, and we would mistake some returns for deaths.
    static let manyReturns = 3

    /// The meaning of a delivery's headers.
    struct Reading: Equatable {
        /// Number of the execution about to start.
        var attempt: Int
        /// How often the message returned to its queue.
        var returns: Int
        var crashes = 0
        /// Executions that may have lost their process.
        var doubts = 0
    }

    /// Reads and removes the headers.
    static func read(_ message: inout Message, isRedelivered: Bool) -> Reading {
        // On a first delivery the header is another queue's count.
        let count = isRedelivered ? max(1, message.headers[countName]?.intValue ?? 1) : 0
        message.headers[countName] = nil
        return read(&message, returns: count)
    }

    /// The same for a broker that tells how often the message returned to its queue.
    static func read(_ message: inout Message, returns count: Int) -> Reading {
        let earlier = message.takeAttempts()
        // Clamp the values: anybody may have written them.
        let (limit, returns) = (Int(Int32.max), min(max(0, count), Int(Int32.max)))
        let crashes = message.headers[crashesName]?.intValue.map { min(max(0, $0), limit) }
        message.headers[crashesName] = nil
        let attempt = earlier + returns + 1
        return Reading(
            attempt: attempt, returns: returns, crashes: crashes ?? 0,
            doubts: crashes != nil ? returns : max(0, attempt - 1 - message.retries))
    }

    /// Number of returns of a message that was not decoded yet.
    static func returns(of message: WireMessage) -> Int { message.headers[countName]?.intValue ?? 0 }

    /// The message after `attempt` executions, `crashes` of which lost their process. A message without the headers has
    /// as many executions as retries, and no crashes.
    static func next(_ message: Message, after attempt: Int, crashes: Int) -> Message {
        guard attempt != message.retries || crashes > 0 else { return message }
        var again = message
        again.headers[name] = .int(Int64(attempt))
        again.headers[crashesName] = .int(Int64(crashes))
        return again
    }
}
