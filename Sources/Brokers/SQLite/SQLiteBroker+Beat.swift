package import CeleryCore
import CeleryDB

extension SQLiteBroker: BeatKeeping {
    package func seat(in beat: String, as identity: WorkerIdentity) async throws -> any BeatSeat {
        SQLiteBeatSeat(broker: self, beat: beat, identity: identity)
    }

    package func state(of beat: String) async throws -> BeatState {
        let now = self.now()
        return try await file.read { [self] db in
            var state = BeatState()
            state.records = try BeatTable.records(of: beat, path: file.path, in: db)
            state.commands = try BeatTable.commands(of: beat, path: file.path, in: db)
            if let leader = try BeatTable.leader(of: beat, in: db), processLives(leader.process) != false,
                leader.leaseUntil >= now.seconds
            {
                state.leader = BeatLeader(leader)
            }
            return state
        }
    }

    package func tell(_ command: LeaderCommand, in beat: String) async throws {
        try await file.write(waking: true) { db in
            try BeatTable.add(command, to: beat, in: db)
        }
    }
}

extension BeatLeader {
    init(_ row: BeatTable.Leader) { self.init(id: row.id, name: row.name, pid: row.pid, since: row.since) }
}
