/// Why a queue is paused.
public struct QueuePause: Sendable, Equatable {
    public var since: Timestamp
    /// When the pause ends by itself; `nil` lasts until the queue is resumed.
    public var until: Timestamp?
    public var reason: String?
    /// Who paused it: a user and a machine.
    public var by: String?

    public init(since: Timestamp, until: Timestamp? = nil, reason: String? = nil, by: String? = nil) {
        self.since = since
        self.until = until
        self.reason = reason
        self.by = by
    }

    /// Whether the pause is in force at this time.
    public func holds(at time: Timestamp) -> Bool { until.map { $0 > time } ?? true }

    /// The stored form.
    package var json: JSON {
        var object: JSONObject = ["since": .double(since.seconds)]
        if let until { object["until"] = .double(until.seconds) }
        if let reason { object["reason"] = .string(reason) }
        if let by { object["by"] = .string(by) }
        return .object(object)
    }

    /// - Returns: `nil` for a malformed pause or one of another version.
    package init?(json: JSON) {
        guard let since = json["since"]?.doubleValue else { return nil }
        self.init(
            since: Timestamp(seconds: since), until: json["until"]?.doubleValue.map(Timestamp.init),
            reason: json["reason"]?.stringValue, by: json["by"]?.stringValue)
    }
}
