/// The durable state of one beat entry: what was sent, and with what result.
public struct EntryRecord: Sendable, Equatable {
    public var name: String
    /// The schedule as text; the entry starts afresh when its schedule changes.
    public var schedule: String
    /// When the entry was first seen.
    public var since: Timestamp
    /// All due times up to here have been sent or deliberately skipped. Never goes back.
    public var handled: Timestamp
    /// The next due time, with jitter, as the leader computes it; `nil` when there is none.
    public var next: Timestamp?
    /// The run sent last.
    public var last: EntryRun?
    /// Runs whose end is unknown, oldest first.
    public var open: [EntryRun] = []
    /// A due time whose run waits until the previous run has ended.
    public var held: Timestamp?
    /// Number of runs sent, and of due times skipped.
    public var sentCount = 0
    public var missedCount = 0
    public var lastSuccess: Timestamp?
    public var lastFailure: Timestamp?
    /// Number of runs that failed since the last one that did not.
    public var failures = 0
    public var pause: EntryPause?
    /// When its absence was reported; `nil` while it succeeds in time.
    public var absentSince: Timestamp?

    public init(name: String, schedule: String, since: Timestamp) {
        self.name = name
        self.schedule = schedule
        self.since = since
        handled = since
    }

    /// The stored form.
    package var json: JSON {
        var object: JSONObject = [
            "name": .string(name), "schedule": .string(schedule), "since": .double(since.seconds),
            "handled": .double(handled.seconds), "sent": .int(Int64(sentCount)), "missed": .int(Int64(missedCount)),
        ]
        if failures > 0 { object["failures"] = .int(Int64(failures)) }
        if !open.isEmpty { object["open"] = .array(open.map(\.json)) }
        if let last { object["last"] = last.json }
        if let pause { object["pause"] = pause.json }
        for (key, time) in times { if let time { object[key] = .double(time.seconds) } }
        return .object(object)
    }

    private var times: [(String, Timestamp?)] {
        [
            ("next", next), ("held", held), ("last_success", lastSuccess), ("last_failure", lastFailure),
            ("absent_since", absentSince),
        ]
    }

    /// - Returns: `nil` for a malformed record or one of another version.
    package init?(json: JSON) {
        guard let name = json["name"]?.stringValue, let schedule = json["schedule"]?.stringValue,
            let since = json["since"]?.doubleValue, let handled = json["handled"]?.doubleValue,
            let sent = json["sent"]?.intValue, let missed = json["missed"]?.intValue
        else { return nil }
        self.init(name: name, schedule: schedule, since: Timestamp(seconds: since))
        self.handled = Timestamp(seconds: handled)
        (sentCount, missedCount) = (sent, missed)
        func time(_ key: String) -> Timestamp? { json[key]?.doubleValue.map(Timestamp.init) }
        (next, held, absentSince) = (time("next"), time("held"), time("absent_since"))
        (lastSuccess, lastFailure) = (time("last_success"), time("last_failure"))
        failures = json["failures"]?.intValue ?? 0
        for run in json["open"]?.arrayValue ?? [] {
            guard let run = EntryRun(json: run) else { return nil }
            open.append(run)
        }
        if let value = json["last"] {
            guard let run = EntryRun(json: value) else { return nil }
            last = run
        }
        if let value = json["pause"] {
            guard let pause = EntryPause(json: value) else { return nil }
            self.pause = pause
        }
    }
}
