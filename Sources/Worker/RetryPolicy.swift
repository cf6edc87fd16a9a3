import CeleryCore
import Tasks
import Wire

/// How often, how soon and until when a task is tried again: what the message says, else the task.
enum RetryPolicy {
    /// What message and task say of the try that may follow this execution.
    ///
    /// A message's `retry_delay` is the wait, whatever the task says of growing ones; its `retry_backoff` makes it grow.
    ///
    /// - Parameter received: when a worker first took the message; from then counts a length of time that is not
    ///   yet a time.
    static func plan(for message: Message, _ options: TaskOptions, received: Timestamp) -> RetryPlan {
        var said = Said()
        for (name, value) in message.headers.members { said.take(name, value) }
        let limit = said.limit ?? options.maxRetries
        var plan = RetryPlan(isLeft: limit.map { message.retries < $0 } ?? true)
        let factor = said.backoff ?? (said.delay == nil ? options.retryBackoff?.inSeconds ?? 0 : 0)
        plan.delay = possible(factor > 0 ? factor : said.delay ?? options.retryDelay.inSeconds)
        if factor > 0 {
            plan.growth = RetryPlan.Growth(
                maximum: possible(said.maximum ?? options.retryBackoffMax.inSeconds), isJittered: said.jitter ?? options.retryJitter,
                retries: message.retries)
        }
        plan.until = (said.until ?? options.retryUntil.map(RetryUntil.within))?.time(sent: received, eta: message.retries == 0 ? message.eta : nil)
        plan.causes = said.causes ?? options.autoretryFor
        return plan
    }

    /// What headers of a message say, read in one go: there are a dozen or so, and this is done for every task.
    private struct Said {
        var limit: Int?
        var delay, backoff, maximum: Double?
        var jitter: Bool?
        var until: RetryUntil?
        var causes: [RetryCause]?

        /// What makes no sense is not heard.
        mutating func take(_ name: String, _ value: JSON) {
            guard name.utf8.count >= RetryHeader.causes.utf8.count else { return }
            switch name {
            case RetryHeader.limit: limit = value.intValue
            case RetryHeader.delay: delay = value.doubleValue
            // Python's own words for it are true and a number.
            case RetryHeader.backoff: backoff = value.doubleValue ?? value.boolValue.map { $0 ? 1 : 0 }
            case RetryHeader.backoffMaximum: maximum = value.doubleValue
            case RetryHeader.jitter: jitter = value.boolValue
            case RetryHeader.until: until = RetryHeader.until(value)
            case RetryHeader.causes: causes = RetryHeader.causes(value)
            default: break
            }
        }
    }

    /// The next try of a message, which is for this queue's workers.
    ///
    /// - Parameter until: when the tries end; kept with the message, so that it is counted from the first.
    static func next(_ message: Message, delay: Double, now: Timestamp, until: Timestamp? = nil) -> Message {
        var again = message.backToItsQueue
        again.retries += 1
        again.eta = now + .seconds(possible(delay))
        if let until { again.headers[RetryHeader.until] = RetryHeader.json(.at(until)) }
        return again
    }

    private static func possible(_ delay: Double) -> Double { max(0, delay.possibleSeconds) }
}
