/// Keeping messages that no worker will run any more.
public protocol DeadLetterKeeping: Broker {
    /// Those that match, the oldest first, at most `limit`. Takes nothing away, whatever happens meanwhile.
    ///
    /// - Parameter withContent: whether the messages themselves are wanted.
    /// - Throws: `DriverError`; `tryAgain` when others keep it waiting for too long.
    func deadLetters(_ filter: DeadLetterFilter, limit: Int, withContent: Bool) async throws -> [DeadLetter]

    /// Puts a message among them that no queue has any more.
    func bury(_ message: Message, _ burial: Burial) async throws

    /// Sends the oldest that match to the queues they came from, under their ids: with their retries and crashes
    /// forgotten, and with attempts that count on. One that is sent is a dead letter no more; what ends this in the
    /// middle may at worst leave one in both places.
    ///
    /// - Parameters:
    ///   - limit: of letters to look at.
    ///   - queue: Where all of them go instead.
    /// - Returns: of each that was looked at whether it was sent, or why not.
    func replay(_ filter: DeadLetterFilter, limit: Int, to queue: String?) async throws -> [DeadLetterReplay]

    /// Throws away the oldest that match, at most `limit`. Returns which they were.
    func dropDeadLetters(_ filter: DeadLetterFilter, limit: Int) async throws -> [DeadLetter]

    /// Whether `replay` also takes the failures out of `store` that would keep a task from succeeding now.
    /// Else who replays has to do that, before.
    func replayClears(_ store: any ResultStore) -> Bool
}

/// Sending messages to the dead letters before their deliveries end, where both cannot be done at once.
public protocol DeadLetterSending: BrokerConsumer {
    /// Puts copies of the messages of those outcomes there that are to be buried. What is another worker's by now is left
    /// to it.
    ///
    /// - Throws: `DriverError`; some may have been sent.
    func sendDeadLetters(of outcomes: [Outcome]) async throws
}

/// What became of a dead letter that was to be sent again.
public struct DeadLetterReplay: Sendable, Equatable {
    public var letter: DeadLetter
    /// Why it was left where it is; `nil` when it was sent.
    public var refusal: String?

    public init(_ letter: DeadLetter, refusal: String? = nil) {
        self.letter = letter
        self.refusal = refusal
    }
}
