/// Storing dead letters.
public protocol DeadLetterKeeping: Broker {
    /// The oldest matching letters, at most `limit`. Removes nothing.
    ///
    /// - Parameter withContent: Whether to include the messages themselves.
    /// - Throws: `DriverError`; `tryAgain` when other readers block it for too long.
    func deadLetters(_ filter: DeadLetterFilter, limit: Int, withContent: Bool) async throws -> [DeadLetter]

    /// Adds a message that is in no queue any more.
    func bury(_ message: Message, _ burial: Burial) async throws

    /// Publishes the oldest matching letters to the queues they came from, under their ids: with retries and crashes reset, and
    /// attempts continuing. A published letter is removed; an interruption may at worst leave a letter in both places.
    ///
    /// - Parameters:
    ///   - limit: Number of letters to consider.
    ///   - queue: Target queue for all of them, instead of their own.
    /// - Returns: For each considered letter, whether it was sent, or why not.
    func replay(_ filter: DeadLetterFilter, limit: Int, to queue: String?) async throws -> [DeadLetterReplay]

    /// Deletes the oldest matching letters, at most `limit`, and returns them.
    func dropDeadLetters(_ filter: DeadLetterFilter, limit: Int) async throws -> [DeadLetter]

    /// Whether `replay` also deletes from `store` the failures that would keep the replayed tasks from succeeding. If not, the
    /// caller deletes them first.
    func replayClears(_ store: any ResultStore) -> Bool
}

/// Sending dead letters before their deliveries end, where both cannot be done in one step.
public protocol DeadLetterSending: BrokerConsumer {
    /// Sends copies of the messages whose outcomes bury them. Skips deliveries that are no longer this worker's.
    ///
    /// - Throws: `DriverError`; some may have been sent.
    func sendDeadLetters(of outcomes: [Outcome]) async throws
}

/// The result of replaying a dead letter.
public struct DeadLetterReplay: Sendable, Equatable {
    public var letter: DeadLetter
    /// Why the letter was not sent; `nil` when it was.
    public var refusal: String?

    public init(_ letter: DeadLetter, refusal: String? = nil) {
        self.letter = letter
        self.refusal = refusal
    }
}
