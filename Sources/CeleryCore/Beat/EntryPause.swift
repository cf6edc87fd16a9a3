/// Why an entry of beat is not sent for a while.
public struct EntryPause: Sendable, Equatable {
    public var since: Timestamp
    /// When it ends by itself; `nil` is when it is resumed.
    public var until: Timestamp?
    public var reason: String?

    public init(since: Timestamp, until: Timestamp? = nil, reason: String? = nil) {
        self.since = since
        self.until = until
        self.reason = reason
    }

    /// As drivers keep it.
    var json: JSON {
        var object: JSONObject = ["since": .double(since.seconds)]
        if let until { object["until"] = .double(until.seconds) }
        if let reason { object["reason"] = .string(reason) }
        return .object(object)
    }

    init?(json: JSON) {
        guard let since = json["since"]?.doubleValue else { return nil }
        self.init(
            since: Timestamp(seconds: since), until: json["until"]?.doubleValue.map(Timestamp.init),
            reason: json["reason"]?.stringValue)
    }
}
