/// One run that beat has sent.
public struct EntryRun: Sendable, Equatable {
    public var id: TaskID
    /// When the run was due.
    public var due: Timestamp
    public var sent: Timestamp
    /// The state of the run; `nil` while unknown.
    public var state: TaskState?

    public init(id: TaskID, due: Timestamp, sent: Timestamp, state: TaskState? = nil) {
        self.id = id
        self.due = due
        self.sent = sent
        self.state = state
    }

    /// The stored form.
    var json: JSON {
        var object: JSONObject = ["id": .string(id.text), "due": .double(due.seconds), "sent": .double(sent.seconds)]
        if let state { object["state"] = .string(state.name) }
        return .object(object)
    }

    init?(json: JSON) {
        guard let id = json["id"]?.stringValue, let due = json["due"]?.doubleValue, let sent = json["sent"]?.doubleValue
        else { return nil }
        self.init(
            id: TaskID(id), due: Timestamp(seconds: due), sent: Timestamp(seconds: sent),
            state: json["state"]?.stringValue.map(TaskState.init(name:)))
    }
}
