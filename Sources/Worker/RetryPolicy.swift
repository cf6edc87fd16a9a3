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
        message.headers[delayHeader]?.doubleValue ?? options.retryDelay.inSeconds
    }

    /// The next try, or `nil` when there have been enough.
    static func next(_ message: Message, _ options: TaskOptions, delay: Double, now: Timestamp) -> Message? {
        if let limit = limit(for: message, options), message.retries >= limit { return nil }
        var again = message
        again.retries += 1
        again.eta = now + .seconds(delay)
        again.parentID = message.parentID
        return again
    }
}
