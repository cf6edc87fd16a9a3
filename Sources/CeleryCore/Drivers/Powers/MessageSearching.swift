/// Finding messages at a broker that has no index of ids: each search reads its queues.
///
/// A broker with an index conforms to `MessageLocating`, which is asked far more often.
public protocol MessageSearching: Broker {
    /// Reads the queues and what workers hold, until every message is found or the limit of the search is reached.
    ///
    /// - Throws: `DriverError`.
    func search(for ids: [TaskID]) async throws -> MessageSearch
}

/// What a search came to.
public struct MessageSearch: Sendable, Equatable {
    public var found: [TaskID: FoundMessage]
    /// How many messages of each queue were read, if some queue had more; `nil` when everything was searched.
    public var limit: Int?

    public init(found: [TaskID: FoundMessage] = [:], limit: Int? = nil) {
        self.found = found
        self.limit = limit
    }
}

/// A message that waits in a queue, waits for its time, or is held by a worker.
public struct FoundMessage: Sendable, Equatable {
    /// STARTED when a worker holds the message, although its task may not have begun; without a worker when none of ours holds it.
    public var location: MessageLocation
    public var standing: MessageStanding
    /// Whether the worker that holds the message has given a sign of life during its lease.
    public var isHolderAlive = false
    /// Since when the message waits for the limits of its task, if a worker has postponed it for them.
    public var waitsSince: Timestamp?

    public init(_ location: MessageLocation, _ standing: MessageStanding) {
        self.location = location
        self.standing = standing
    }
}

/// Reading the events of single tasks at a broker that keeps events in order of time alone.
///
/// A broker with an index conforms to `EventReading`, which is asked more often.
public protocol EventSearching: Broker {
    /// Reads all stored events since the oldest of these tasks was made, and returns those of the tasks, oldest first.
    ///
    /// - Throws: `DriverError`.
    func searchEvents(of ids: [TaskID]) async throws -> [RecordedEvent]
}
