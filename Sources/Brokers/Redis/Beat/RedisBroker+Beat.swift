package import CeleryCore
import Redis

extension RedisBroker: BeatKeeping {
    package func seat(in beat: String, as identity: WorkerIdentity) async throws -> any BeatSeat {
        try layout.check(beat, "a beat")
        return RedisBeatSeat(broker: self, beat: beat, identity: identity)
    }

    package func state(of beat: String) async throws -> BeatState {
        try layout.check(beat, "a beat")
        let replies = try await link.ask([
            RedisCommand("HGETALL", .text(layout.beat(beat))), RedisCommand("HGETALL", .text(layout.beatCommands(beat))),
        ])
        return BeatState(
            leader: Self.leader(replies[0]), records: try records(replies[0], of: beat), commands: try commands(replies[1], of: beat))
    }

    package func tell(_ command: LeaderCommand, in beat: String) async throws {
        try layout.check(beat, "a beat")
        _ = try await link.ask(
            RedisCommand(
                RedisBrokerScripts.addBeatCommand, keys: [layout.beat(beat), layout.beatCommands(beat)], [.bytes(command.json.bytes())]),
            isRepeatable: false)
    }

    /// What a leader says about itself, as it is kept.
    static func about(_ leader: BeatLeader) -> [UInt8] {
        JSON.object([
            "id": .string(leader.id), "name": .string(leader.name), "pid": .int(Int64(leader.pid)), "since": .double(leader.since.seconds),
        ]).bytes()
    }

    /// The leader, of all that is kept of the beats of a name.
    private static func leader(_ reply: RESPValue) -> BeatLeader? {
        guard let id = reply["leader"]?.textValue else { return nil }
        let about = reply["about"]?.bytesValue.flatMap { try? JSON(parsing: $0) }
        return BeatLeader(
            id: id, name: about?["name"]?.stringValue ?? "", pid: about?["pid"]?.intValue ?? 0,
            since: Timestamp(seconds: about?["since"]?.doubleValue ?? 0))
    }

    /// The records, of all that is kept of the beats of a name.
    ///
    /// - Throws: `DriverError.unusable` when one cannot be read.
    private func records(_ reply: RESPValue, of beat: String) throws -> [String: EntryRecord] {
        var records: [String: EntryRecord] = [:]
        let parts = reply.elements ?? []
        for at in stride(from: 0, to: parts.count - 1, by: 2) {
            guard let field = parts[at].textValue, field.hasPrefix("record ") else { continue }
            let name = String(field.dropFirst("record ".count))
            guard let bytes = parts[at + 1].bytesValue, let json = try? JSON(parsing: bytes), let record = EntryRecord(json: json) else {
                throw DriverError(
                    .unusable, "broker \(location): cannot read the record of entry '\(name.forLog)' of beat '\(beat)'; it was left unchanged",
                    hint: "use the celery version that wrote it, or start the entry afresh: redis-cli HDEL \(layout.beat(beat)) '\(field.forLog)'")
            }
            records[name] = record
        }
        return records
    }

    /// - Throws: `DriverError.unusable` when one cannot be read.
    func commands(_ reply: RESPValue, of beat: String) throws -> [(number: Int64, command: LeaderCommand)] {
        let parts = reply.elements ?? []
        var commands: [(number: Int64, command: LeaderCommand)] = []
        for at in stride(from: 0, to: parts.count - 1, by: 2) {
            guard let number = parts[at].textValue.flatMap({ Int64($0) }), let bytes = parts[at + 1].bytesValue,
                let json = try? JSON(parsing: bytes), let command = LeaderCommand(json: json)
            else {
                throw DriverError(
                    .unusable, "broker \(location): cannot read a command for beat '\(beat)'; it was left unchanged",
                    hint: "use the celery version that sent it, or drop all commands: redis-cli DEL \(layout.beatCommands(beat))")
            }
            commands.append((number, command))
        }
        return commands.sorted { $0.number < $1.number }
    }

    /// The state of the beats of a name for their leader.
    func stateForLeader(of beat: String, knowing records: [String: EntryRecord]?) async throws -> BeatState {
        guard let records else { return try await state(of: beat) }
        let replies = try await link.ask([
            RedisCommand("HMGET", .text(layout.beat(beat)), "leader", "about"), RedisCommand("HGETALL", .text(layout.beatCommands(beat))),
        ])
        let parts = replies[0].elements ?? []
        let leader = parts.count == 2 ? Self.leader(.array([.bytes(Array("leader".utf8)), parts[0], .bytes(Array("about".utf8)), parts[1]])) : nil
        return BeatState(leader: leader, records: records, commands: try commands(replies[1], of: beat))
    }
}
