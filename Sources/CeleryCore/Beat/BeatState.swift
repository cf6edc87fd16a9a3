/// The stored state of the beats of one name.
public struct BeatState: Sendable, Equatable {
    /// The leader; `nil` when there is none.
    public var leader: BeatLeader?
    /// Records by entry name.
    public var records: [String: EntryRecord]
    /// Commands that were requested and are not done yet, by ascending number.
    public var commands: [(number: Int64, command: LeaderCommand)]

    public init(
        leader: BeatLeader? = nil, records: [String: EntryRecord] = [:], commands: [(number: Int64, command: LeaderCommand)] = []
    ) {
        self.leader = leader
        self.records = records
        self.commands = commands
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.leader == right.leader && left.records == right.records
            && left.commands.map(\.number) == right.commands.map(\.number) && left.commands.map(\.command) == right.commands.map(\.command)
    }
}

/// The leading beat, for display.
public struct BeatLeader: Sendable, Equatable {
    /// The id of its `WorkerIdentity`.
    public var id: String
    public var name: String
    public var pid: Int
    public var since: Timestamp

    public init(id: String, name: String, pid: Int, since: Timestamp) {
        self.id = id
        self.name = name
        self.pid = pid
        self.since = since
    }
}

/// A command for the leading beat.
public enum LeaderCommand: Sendable, Equatable {
    /// Stop sending an entry until it is resumed, or until a time.
    case pause(entry: String, EntryPause)
    case resume(entry: String)

    /// The entry to pause or resume.
    public var entry: String {
        switch self {
        case .pause(let entry, _), .resume(let entry): entry
        }
    }

    /// The stored form.
    package var json: JSON {
        switch self {
        case .pause(let entry, let pause): .object(["order": "pause", "entry": .string(entry), "pause": pause.json])
        case .resume(let entry): .object(["order": "resume", "entry": .string(entry)])
        }
    }

    /// - Returns: `nil` for a malformed command or one of another version.
    package init?(json: JSON) {
        guard let entry = json["entry"]?.stringValue else { return nil }
        switch json["order"]?.stringValue {
        case "pause":
            guard let pause = json["pause"].flatMap(EntryPause.init) else { return nil }
            self = .pause(entry: entry, pause)
        case "resume": self = .resume(entry: entry)
        default: return nil
        }
    }
}
