package import CeleryCore

/// The state of the beats of one name.
struct MemoryBeat {
    var leader: BeatLeader?
    /// Number of the leader's signs of life.
    var signs = 0
    var records: [String: EntryRecord] = [:]
    var commands: [(number: Int64, command: LeaderCommand)] = []
    /// Number of the last command.
    var lastCommand: Int64 = 0

    mutating func add(_ command: LeaderCommand) {
        lastCommand += 1
        commands.append((lastCommand, command))
    }

    var state: BeatState { BeatState(leader: leader, records: records, commands: commands) }
}

extension MemoryBroker: BeatKeeping {
    package func seat(in beat: String, as identity: WorkerIdentity) -> any BeatSeat {
        MemoryBeatSeat(broker: self, beat: beat, identity: identity)
    }

    package func state(of beat: String) -> BeatState { beats[beat]?.state ?? BeatState() }

    package func tell(_ command: LeaderCommand, in beat: String) {
        beats[beat, default: MemoryBeat()].add(command)
        bell.ring()
    }

    /// What a claim to leadership came to.
    enum Claim: Sendable {
        case leads(BeatState)
        /// Another beat leads, with this number of signs of life.
        case another(leader: String, signs: Int)
    }

    /// - Parameter isSilent: Whether a leader with this number of signs of life has been silent for too long.
    func lead(
        _ beat: String, as identity: WorkerIdentity, whenSilent isSilent: @Sendable (_ leader: String, _ signs: Int) -> Bool
    ) -> Claim {
        var entry = beats[beat] ?? MemoryBeat()
        if let leader = entry.leader, leader.id != identity.id {
            guard isSilent(leader.id, entry.signs) else { return .another(leader: leader.id, signs: entry.signs) }
            entry.leader = nil
        }
        if entry.leader == nil {
            entry.leader = BeatLeader(id: identity.id, name: identity.name, pid: identity.pid, since: timeNow())
        }
        entry.signs += 1
        beats[beat] = entry
        return .leads(entry.state)
    }

    func send(
        _ messages: [Message], writing records: [EntryRecord], settling commands: [Int64], in beat: String, as identity: WorkerIdentity
    ) -> Bool {
        guard beats[beat]?.leader?.id == identity.id else { return false }
        publishNew(messages)
        for record in records { beats[beat]?.records[record.name] = record }
        beats[beat]?.commands.removeAll { commands.contains($0.number) }
        return true
    }

    func leave(_ beat: String, as identity: WorkerIdentity) {
        guard beats[beat]?.leader?.id == identity.id else { return }
        beats[beat]?.leader = nil
        bell.ring()
    }
}
