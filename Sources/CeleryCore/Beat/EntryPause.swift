/// Why an entry of beat is paused.
public struct EntryPause: Sendable, Equatable {
    public var since: Timestamp
    /// When the pause ends by itself; `nil` lasts until the entry is resumed.
    public var until: Timestamp?
    public var reason: String?

    public init(since: Timestamp, until: Timestamp? = nil, reason: String? = nil) {
        self.since = since
        self.until = until
        self.reason = reason
    }

    /// The stored form.
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
