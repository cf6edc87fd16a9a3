/// Telling monitors what happens.
public protocol EventSending: Broker {
    /// Sends events, in this order; returns when the broker has them.
    ///
    /// They are worth less than messages: a broker may keep them in memory only, and lose them with a machine.
    /// - Throws: `DriverError`; then some may have been sent. Does not try for longer than some seconds.
    func send(_ events: [Event]) async throws

    /// Has events kept from now on for those who come later, as long as the settings say.
    ///
    /// - Throws: `DriverError`, `unsupported` where the broker keeps none.
    func keepEvents() async throws
}

/// Following what happens.
public protocol EventFollowing: Broker {
    /// Begins to follow.
    ///
    /// - Throws: `DriverError`: `unsupported` where events are not kept and `start` needs those that are;
    ///   `refused` for a cursor that is none of this broker's.
    func events(from start: EventStart) async throws -> any EventFeed
}

/// Remembering what happened to single tasks.
public protocol EventReading: Broker {
    /// What is kept of these tasks, oldest first; at a cost that does not grow with what is kept of others.
    func events(of ids: [TaskID]) async throws -> [RecordedEvent]
}

/// Where to begin to follow.
public enum EventStart: Sendable, Hashable {
    /// With what happens from now on.
    case now
    /// With the oldest that is kept.
    case oldest
    /// With what was told since then.
    case since(Timestamp)
    /// With what comes after this cursor.
    case after(String)
}

/// One follower. To be used by one task at a time.
public protocol EventFeed: Sendable {
    /// How long it may take that something which is kept already comes: no time where it is read from a file.
    var patience: Duration { get }

    /// What has come since the last call; waits for something until the deadline.
    ///
    /// - Returns: nothing when the deadline has passed.
    /// - Throws: `DriverError` when following is over. A connection that is lost is no error: it is made anew, and told of.
    func next(until deadline: ContinuousClock.Instant?) async throws -> FollowedEvents

    func close() async
}

/// A piece of what is followed.
public struct FollowedEvents: Sendable {
    /// What was missed before the events below.
    public var gap: EventGap?
    public var events: [RecordedEvent]
    /// Of the connection, in order.
    public var notices: [BrokerNotice]

    public init(_ events: [RecordedEvent] = [], gap: EventGap? = nil, notices: [BrokerNotice] = []) {
        self.events = events
        self.gap = gap
        self.notices = notices
    }

    public var isEmpty: Bool { events.isEmpty && gap == nil && notices.isEmpty }
}

/// Events that happened and do not come.
public struct EventGap: Sendable, Equatable {
    /// How many, where that is known: events, or batches of them.
    public var count: Int?
    /// Why, for people.
    public var reason: String

    public init(count: Int?, reason: String) {
        self.count = count
        self.reason = reason
    }
}

/// An event, and where it stands among those that are kept.
public struct RecordedEvent: Sendable, Equatable {
    public var event: Event
    /// What to go on from after this one; `nil` where events are not kept.
    public var cursor: String?

    public init(_ event: Event, cursor: String?) {
        self.event = event
        self.cursor = cursor
    }
}
