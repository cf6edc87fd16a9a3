/// Why nothing is taken from a queue for a while.
public struct QueuePause: Sendable, Equatable {
    public var since: Timestamp
    /// When it ends by itself; `nil` is when the queue is resumed.
    public var until: Timestamp?
    public var reason: String?
    /// Who ordered it: a user and a machine.
    public var by: String?

    public init(since: Timestamp, until: Timestamp? = nil, reason: String? = nil, by: String? = nil) {
        self.since = since
        self.until = until
        self.reason = reason
        self.by = by
    }

    /// Whether it lasts at this time.
    public func holds(at time: Timestamp) -> Bool { until.map { $0 > time } ?? true }

    /// As drivers keep it.
    package var json: JSON {
        var object: JSONObject = ["since": .double(since.seconds)]
        if let until { object["until"] = .double(until.seconds) }
        if let reason { object["reason"] = .string(reason) }
        if let by { object["by"] = .string(by) }
        return .object(object)
    }

    /// - Returns: `nil` for what is none of this version.
    package init?(json: JSON) {
        guard let since = json["since"]?.doubleValue else { return nil }
        self.init(
            since: Timestamp(seconds: since), until: json["until"]?.doubleValue.map(Timestamp.init),
            reason: json["reason"]?.stringValue, by: json["by"]?.stringValue)
    }
}
