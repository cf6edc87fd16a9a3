/// Publishing events for monitors.
public protocol EventSending: Broker {
    /// Sends events in order. Returns when the broker has them.
    ///
    /// Events matter less than messages: a broker may hold them in memory only.
    ///
    /// - Throws: `DriverError`; some events may have been sent. Gives up after some seconds.
    func send(_ events: [Event]) async throws

    /// Stores events from now on for later readers, for the time in the settings.
    ///
    /// - Throws: `DriverError`; `unsupported` where the broker cannot store events.
    func keepEvents() async throws
}

/// Following events.
public protocol EventFollowing: Broker {
    /// Starts to follow.
    ///
    /// - Throws: `DriverError`: `unsupported` when `start` needs stored events and there are none; `refused` for a cursor of
    ///   another broker.
    func events(from start: EventStart) async throws -> any EventFeed
}

/// Reading the events of single tasks.
public protocol EventReading: Broker {
    /// Stored events of these tasks, oldest first. The cost does not grow with the events of other tasks.
    func events(of ids: [TaskID]) async throws -> [RecordedEvent]
}

/// Where to start following.
public enum EventStart: Sendable, Hashable {
    /// At the next event.
    case now
    /// At the oldest stored event.
    case oldest
    /// At the first event sent at this time or later.
    case since(Timestamp)
    /// After this cursor.
    case after(String)
}

/// A follower. Used by one task at a time.
public protocol EventFeed: Sendable {
    /// How long a stored event may take to arrive: zero when events are read from a file.
    var patience: Duration { get }

    /// Events since the last call; waits for one until the deadline.
    ///
    /// - Returns: An empty value when the deadline has passed.
    /// - Throws: `DriverError` when the feed has ended. A lost connection is not an error: it is made again, and reported.
    func next(until deadline: ContinuousClock.Instant?) async throws -> FollowedEvents

    func close() async
}

/// Events and notices from one call.
public struct FollowedEvents: Sendable {
    /// Events missed before `events`.
    public var gap: EventGap?
    public var events: [RecordedEvent]
    /// Notices about the connection, in order.
    public var notices: [BrokerNotice]

    public init(_ events: [RecordedEvent] = [], gap: EventGap? = nil, notices: [BrokerNotice] = []) {
        self.events = events
        self.gap = gap
        self.notices = notices
    }

    public var isEmpty: Bool { events.isEmpty && gap == nil && notices.isEmpty }
}

/// Events that happened and cannot be delivered.
public struct EventGap: Sendable, Equatable {
    /// How many, if known: events, or batches of events.
    public var count: Int?
    /// The reason, for display.
    public var reason: String

    public init(count: Int?, reason: String) {
        self.count = count
        self.reason = reason
    }
}

/// An event and its position among the stored ones.
public struct RecordedEvent: Sendable, Equatable {
    public var event: Event
    /// Cursor for continuing after this event; `nil` where events are not stored.
    public var cursor: String?

    public init(_ event: Event, cursor: String?) {
        self.event = event
        self.cursor = cursor
    }
}
