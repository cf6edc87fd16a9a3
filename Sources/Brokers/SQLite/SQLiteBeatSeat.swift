import CeleryCore
import CeleryDB
import SQLite
import Synchronization

/// A beat that stores its state in a SQLite file and may become leader.
///
/// The beat whose row is in the table `beat` leads: each sending transaction checks that row first. A row is taken over when
/// its process is dead, or when its lease was seen unchanged for the length of a lease.
final class SQLiteBeatSeat: BeatSeat {
    private let broker: SQLiteBroker
    private let beat: String
    private let identity: WorkerIdentity
    private let memory = Mutex(Memory())

    /// How long a silent leader stays leader. Short, because due messages wait meanwhile.
    private static let leaseLength: Duration = .seconds(6)
    /// Pause between looks at a busy file for commits of interest.
    private static let lookInterval: Duration = .milliseconds(50)

    let renewalInterval: Duration = .seconds(2)

    private struct Memory {
        /// The records in the file; `nil` unless this beat leads, because a leader writes them.
        var records: [String: EntryRecord]?
        /// When the lease was last written, by `uptime`.
        var renewed = 0.0
        /// The lease of another leader, and when it was seen to change, by `uptime`.
        var sign: (leader: String, leaseUntil: Double, seen: Double)?
        /// Result of the last look, and the generation of the file from which changes matter.
        var seen: (generation: UInt64, look: Look)?
        var isClosed = false
    }

    /// What a waiting beat watches.
    private struct Look {
        var leader: String?
        var lastCommand: Int64

        /// Removed commands are no news: the leader settles them itself.
        func isNews(after earlier: Look) -> Bool { leader != earlier.leader || lastCommand > earlier.lastCommand }
    }

    init(broker: SQLiteBroker, beat: String, identity: WorkerIdentity) {
        self.broker = broker
        self.beat = beat
        self.identity = identity
    }

    func lead() async throws -> BeatState? {
        guard !memory.withLock({ $0.isClosed }) else { return nil }
        try broker.file.checkInPlace()
        let generation = broker.file.watch.generation
        let (leader, look) = try await broker.file.read { [self] db in (try self.leader(in: db), try self.look(in: db)) }
        memory.withLock { $0.seen = (generation, look) }
        let isMine = leader?.id == identity.id
        if !isMine {
            memory.withLock { $0.records = nil }
            if let leader, broker.processLives(leader.process) != false, !isSilent(leader) { return nil }
        }
        let (needsRenewal, known) = memory.withLock {
            // Renew well before others become suspicious.
            (broker.uptime() - $0.renewed >= Self.leaseLength.inSeconds / 4, $0.records)
        }
        if isMine, !needsRenewal, let known { return try await state(known) }
        return try await hold(after: leader, known)
    }

    /// The stored state, if this beat leads.
    private func state(_ records: [String: EntryRecord]) async throws -> BeatState? {
        try await broker.file.read { [self] db in
            guard let leader = try self.leader(in: db), leader.id == identity.id else { return nil }
            return BeatState(
                leader: BeatLeader(leader), records: records,
                commands: try BeatTable.commands(of: beat, path: broker.file.path, in: db))
        }
    }

    /// Writes the lease, if the leader is still the one that was seen.
    private func hold(after earlier: BeatTable.Leader?, _ known: [String: EntryRecord]?) async throws -> BeatState? {
        let state = try await broker.file.write(durable: false) { [self] db -> BeatState? in
            let current = try self.leader(in: db)
            guard current?.id == identity.id || current == earlier else { return nil }
            // The write lock may have been long in coming.
            let now = broker.now()
            var leader = BeatTable.Leader(
                id: identity.id, name: identity.name, pid: identity.pid, process: identity.process, since: now,
                leaseUntil: (now + Self.leaseLength).seconds)
            let isNew = current?.id != identity.id
            if let current, !isNew { leader.since = current.since }
            try BeatTable.setLeader(leader, of: beat, in: db)
            let path = broker.file.path
            return BeatState(
                leader: BeatLeader(leader),
                // Another beat may have written records in between.
                records: isNew ? try BeatTable.records(of: beat, path: path, in: db) : try known ?? BeatTable.records(of: beat, path: path, in: db),
                commands: try BeatTable.commands(of: beat, path: path, in: db))
        }
        memory.withLock { memory in
            memory.records = state?.records
            guard state != nil else { return }
            memory.renewed = broker.uptime()
            memory.seen?.look.leader = identity.id
        }
        return state
    }

    func send(_ messages: [Message], writing records: [EntryRecord], settling commands: [Int64]) async throws -> Bool {
        let now = broker.now()
        let texts = records.map { (name: $0.name, text: $0.json.text()) }
        do {
            let isLeading = try await broker.file.write(waking: !messages.isEmpty) { [self] db in
                guard try leader(in: db)?.id == identity.id else { return false }
                for message in messages { try MessageTable.insertIfNew(message, submitted: now, ranking: broker.ranking, in: db) }
                try BeatTable.write(texts, of: beat, in: db)
                try BeatTable.remove(commands, of: beat, in: db)
                return true
            }
            memory.withLock { memory in
                guard isLeading else { return memory.records = nil }
                for record in records { memory.records?[record.name] = record }
            }
            return isLeading
        } catch {
            memory.withLock { $0.records = nil }
            throw error
        }
    }

    func waitForChange(until deadline: ContinuousClock.Instant) async {
        var (generation, look) = memory.withLock { $0.seen.map { ($0.generation, $0.look) } } ?? (broker.file.watch.generation, nil)
        while !Task.isCancelled, .now < deadline {
            await broker.file.watch.wait(since: generation, until: deadline)
            generation = broker.file.watch.generation
            // Most commits are made by workers and do not concern a beat.
            guard let known = look, let current = try? await broker.file.read({ [self] in try self.look(in: $0) }),
                !current.isNews(after: known)
            else { return }
            look = current
            try? await Task.sleep(until: min(deadline, .now + Self.lookInterval))
        }
    }

    func close() async {
        memory.withLock { memory in
            memory.isClosed = true
            memory.records = nil
        }
        _ = try? await broker.file.write(waking: true) { [self] db in
            try BeatTable.removeLeader(identity.id, of: beat, in: db)
        }
    }

    private func leader(in db: Database) throws -> BeatTable.Leader? { try BeatTable.leader(of: beat, in: db) }

    private func look(in db: Database) throws -> Look {
        Look(leader: try leader(in: db)?.id, lastCommand: try BeatTable.lastCommand(of: beat, in: db))
    }

    /// Whether a leader has not renewed its lease for the length of a lease.
    ///
    /// Measured from when this beat saw the lease change, not by the time of day, which may be set at any time.
    private func isSilent(_ leader: BeatTable.Leader) -> Bool {
        let uptime = broker.uptime()
        return memory.withLock { memory in
            if let sign = memory.sign, sign.leader == leader.id, sign.leaseUntil == leader.leaseUntil {
                return uptime - sign.seen > Self.leaseLength.inSeconds
            }
            memory.sign = (leader.id, leader.leaseUntil, uptime)
            return false
        }
    }
}
