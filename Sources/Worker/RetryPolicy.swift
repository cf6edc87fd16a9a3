import CeleryCore
import Tasks

/// How often and how soon a task is tried again: what the message says, else the task.
enum RetryPolicy {
    /// Headers by which a submitter overrides the task's options.
    static let limitHeader = "max_retries"
    static let delayHeader = "retry_delay"

    /// `nil` for as often as it asks.
    static func limit(for message: Message, _ options: TaskOptions) -> Int? {
        message.headers[limitHeader]?.intValue ?? options.maxRetries
    }

    /// Seconds.
    static func delay(for message: Message, _ options: TaskOptions) -> Double {
        possible(message.headers[delayHeader]?.doubleValue ?? options.retryDelay.inSeconds)
    }

    static func mayRetry(_ message: Message, _ options: TaskOptions) -> Bool {
        limit(for: message, options).map { message.retries < $0 } ?? true
    }

    /// The next try of a message, which is for this queue's workers.
    static func next(_ message: Message, delay: Double, now: Timestamp) -> Message {
        var again = message.backToItsQueue
        again.retries += 1
        again.eta = now + .seconds(possible(delay))
        return again
    }

    private static func possible(_ delay: Double) -> Double { max(0, delay.possibleSeconds) }
}
