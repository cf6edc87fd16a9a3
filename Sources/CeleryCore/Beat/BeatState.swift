/// What the beats of one name have written down.
public struct BeatState: Sendable, Equatable {
    /// Who leads; `nil` while nobody does.
    public var leader: BeatLeader?
    /// By the entry's name.
    public var records: [String: EntryRecord]
    /// What was asked for and is not done yet, by number, in that order.
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

/// The beat that leads, for people.
public struct BeatLeader: Sendable, Equatable {
    /// Of its `WorkerIdentity`.
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

/// Something asked of whichever beat leads.
public enum LeaderCommand: Sendable, Equatable {
    /// Not to send an entry until it is resumed, or until a time.
    case pause(entry: String, EntryPause)
    case resume(entry: String)

    /// The entry it is about.
    public var entry: String {
        switch self {
        case .pause(let entry, _), .resume(let entry): entry
        }
    }

    /// As drivers keep it.
    package var json: JSON {
        switch self {
        case .pause(let entry, let pause): .object(["order": "pause", "entry": .string(entry), "pause": pause.json])
        case .resume(let entry): .object(["order": "resume", "entry": .string(entry)])
        }
    }

    /// - Returns: `nil` for what is no order of this version.
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
