import CeleryCore
import RabbitMQ

/// The state of the beats of one name, stored as one message: JSON with an increasing serial number.
struct BeatDocument: Sendable {
    var serial: Int64 = 0
    var leader: BeatLeader?
    private(set) var records: [String: EntryRecord] = [:]
    /// The records as encoded text, so that only changed records are encoded again.
    private var texts: [String: [UInt8]] = [:]

    private static let version: Int64 = 1

    init() {}

    /// - Returns: `nil` if `bytes` is not a document of this version.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSON(parsing: bytes), json["version"] == .int(Self.version),
            case .int(let serial)? = json["serial"], let entries = json["records"]?.arrayValue
        else { return nil }
        self.serial = serial
        if let value = json["leader"] {
            guard let id = value["id"]?.stringValue, let name = value["name"]?.stringValue,
                let pid = value["pid"]?.intValue, let since = value["since"]?.doubleValue
            else { return nil }
            leader = BeatLeader(id: id, name: name, pid: pid, since: Timestamp(seconds: since))
        }
        for entry in entries {
            guard let record = EntryRecord(json: entry) else { return nil }
            write([record])
        }
    }

    mutating func write(_ changed: [EntryRecord]) {
        for record in changed {
            records[record.name] = record
            texts[record.name] = record.json.bytes()
        }
    }

    /// - Parameter written: Time of writing, for people who look at the queue.
    func bytes(written: Timestamp) -> [UInt8] {
        var head: JSONObject = [
            "version": .int(Self.version), "serial": .int(serial), "written": .double(written.seconds),
        ]
        if let leader {
            head["leader"] = [
                "id": .string(leader.id), "name": .string(leader.name), "pid": .int(Int64(leader.pid)),
                "since": .double(leader.since.seconds),
            ]
        }
        var bytes = JSON.object(head).bytes()
        // Drop the closing brace.
        bytes.removeLast()
        bytes += Array(#","records":["#.utf8)
        bytes.reserveCapacity(bytes.count + texts.values.reduce(2) { $0 + $1.count + 1 })
        var isFirst = true
        for text in texts.values {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            bytes += text
        }
        return bytes + Array("]}".utf8)
    }
}

extension BeatQueues {
    /// The latest document among the messages; `nil` if there are none.
    ///
    /// - Throws: `DriverError.unusable` when a message cannot be read.
    func document(in messages: [[UInt8]], at location: String) throws(DriverError) -> BeatDocument? {
        var latest: BeatDocument?
        for message in messages {
            guard let document = BeatDocument(message) else {
                throw DriverError(
                    .unusable,
                    "broker \(location): cannot read the state of beat '\(beat)' in queue '\(state.name)'; it was left unchanged",
                    hint: "use the celery version that wrote it, or start every entry afresh: rabbitmqctl delete_queue \(state.name) -p VHOST")
            }
            if latest.map({ $0.serial < document.serial }) ?? true { latest = document }
        }
        return latest
    }

    /// - Throws: `DriverError.unusable` when a command cannot be read.
    func read(_ held: [HeldCommand], at location: String) throws(DriverError) -> [(number: Int64, command: LeaderCommand)] {
        var read: [(number: Int64, command: LeaderCommand)] = []
        for held in held {
            guard let json = try? JSON(parsing: held.body), let command = LeaderCommand(json: json) else {
                throw DriverError(
                    .unusable,
                    "broker \(location): cannot read a command for beat '\(beat)' in queue '\(commands.name)'; it was left unchanged",
                    hint: "use the celery version that sent it, or drop all commands: celery purge -Q \(commands.name) --force")
            }
            read.append((held.number, command))
        }
        return read
    }
}

/// A command that the leader has received and not acknowledged.
struct HeldCommand: Sendable {
    /// Increases with each command received.
    var number: Int64
    /// Delivery tag on the channel of commands.
    var tag: UInt64
    var body: [UInt8]
}
