import CeleryCore
import Tasks
import Wire

/// How often, how soon and until when a task is retried. Options of the message override options of the task.
extension RetryPlan {
    /// For the try that may follow this execution.
    ///
    /// - Parameters:
    ///   - terms: The combined options of message and task.
    ///   - received: When a worker first took the message; a `retryUntil` given as a duration counts from this time.
    init(for message: Message, _ terms: TaskTerms, received: Timestamp) {
        self.init(isLeft: terms.maxRetries.map { message.retries < $0 } ?? true)
        delay = Self.possible(terms.retryBackoff > 0 ? terms.retryBackoff : terms.retryDelay)
        if terms.retryBackoff > 0 {
            growth = Growth(
                maximum: Self.possible(terms.retryBackoffMax), isJittered: terms.retryJitter, retries: message.retries)
        }
        until = terms.retryUntil?.time(sent: received, eta: message.retries == 0 ? message.eta : nil)
        causes = terms.autoretryFor
    }

    /// The message of the next try, for workers of the same queue.
    ///
    /// - Parameter until: When the retries end; stored in the message, so that a duration counts from the first try.
    static func next(_ message: Message, delay: Double, now: Timestamp, until: Timestamp? = nil) -> Message {
        var again = message.backToItsQueue
        again.retries += 1
        again.eta = now + .seconds(possible(delay))
        if let until {
            var end = OptionValues()
            end[CommonOptions.table.retryUntil] = .at(until)
            end.write(to: &again)
        }
        return again
    }

    private static func possible(_ delay: Double) -> Double { max(0, delay.possibleSeconds) }
}
