import CeleryCore
import Redis
import Synchronization

/// A beat that stores its state in a Redis server and may become leader.
///
/// The beat that the server has written down leads: whatever it sends is sent by a script that looks there first. A leader counts
/// its signs of life; one whose count was seen unchanged for the length of a lease is replaced. So clocks need not agree, and one
/// that is set replaces nobody.
final class RedisBeatSeat: BeatSeat {
    private let broker: RedisBroker
    private let beat: String
    private let identity: WorkerIdentity
    private let tracking: RedisTracking
    private let memory = Mutex(Memory())

    private struct Memory {
        /// The records at the server; `nil` unless this beat leads, because a leader writes them.
        var records: [String: EntryRecord]?
        /// The signs of life of another leader, and since when there was none.
        var sign: (leader: String, signs: String, seen: Double)?
        /// The leader and the number of commands when this beat looked last.
        var look = Look()
        var isClosed = false
    }

    /// What a waiting beat watches.
    private struct Look {
        var leader = ""
        var commands = 0
    }

    let renewalInterval: Duration = .seconds(2)
    /// Seconds that a silent leader stays leader. Few, because due messages wait meanwhile.
    private static let leaseLength = 6.0

    init(broker: RedisBroker, beat: String, identity: WorkerIdentity) {
        (self.broker, self.beat, self.identity) = (broker, beat, identity)
        tracking = RedisTracking(broker.options.server)
    }

    private var key: String { broker.layout.beat(beat) }

    /// Seconds by a clock that is never set.
    private func uptime() -> Double {
        broker.testTime.map { $0().seconds } ?? Self.start.duration(to: .now).inSeconds
    }

    private static let start = ContinuousClock.now

    func lead() async throws -> BeatState? {
        guard !memory.withLock({ $0.isClosed }) else { return nil }
        let uptime = uptime()
        let silent = memory.withLock { memory in
            memory.sign.flatMap { uptime - $0.seen > Self.leaseLength ? $0 : nil }
        }
        let about = BeatLeader(id: identity.id, name: identity.name, pid: identity.pid, since: broker.now())
        let reply = try await broker.link.ask(
            RedisCommand(
                RedisBrokerScripts.lead, keys: [key],
                [.text(identity.id), .bytes(RedisBroker.about(about)), .text(silent?.leader ?? ""), .text(silent?.signs ?? "")])).elements ?? []
        try await noteLook()
        guard reply.first?.intValue == 1 else {
            let (leader, signs) = (reply.count > 1 ? reply[1].textValue ?? "" : "", reply.count > 2 ? reply[2].textValue ?? "" : "")
            memory.withLock { memory in
                memory.records = nil
                if memory.sign.map({ $0.leader != leader || $0.signs != signs }) ?? true { memory.sign = (leader, signs, uptime) }
            }
            return nil
        }
        do {
            let state = try await broker.stateForLeader(of: beat, knowing: memory.withLock { $0.records })
            memory.withLock { memory in
                memory.records = state.records
                memory.sign = nil
            }
            return state
        } catch let error as DriverError where error.code == .unusable {
            // Who cannot read the state does not act on it.
            await leave()
            throw error
        }
    }

    func send(_ messages: [Message], writing records: [EntryRecord], settling commands: [Int64]) async throws -> Bool {
        guard !memory.withLock({ $0.isClosed }) else { return false }
        let pushes = try await broker.pushes(of: messages)
        var words: [RedisCommand.Word] = [.text(identity.id), .text(messages.map(\.id.text).joined(separator: " ")), .number(records.count)]
        for record in records { words += [.text(record.name), .bytes(record.json.bytes())] }
        words.append(.number(commands.count))
        words += commands.map { .text(String($0)) }
        for push in pushes { words += [.text(push.queue), .text(push.list), .bytes(push.text)] }
        let keys = [key, broker.layout.beatCommands(beat), broker.layout.queues]
        let didLead = try await broker.link.ask(RedisCommand(RedisBrokerScripts.sendFromBeat, keys: keys, words)) == .integer(1)
        memory.withLock { memory in
            guard didLead else { return memory.records = nil }
            for record in records { memory.records?[record.name] = record }
        }
        return didLead
    }

    private var lookCommands: [RedisCommand] {
        [RedisCommand("HMGET", .text(key), "leader", "commands")]
    }

    private static func look(_ reply: RESPValue) -> Look {
        let parts = reply.elements ?? []
        return Look(leader: parts.first?.textValue ?? "", commands: parts.last?.intValue ?? 0)
    }

    private func noteLook() async throws {
        let look = Self.look(try await broker.link.ask(lookCommands)[0])
        memory.withLock { $0.look = look }
    }

    func waitForChange(until deadline: ContinuousClock.Instant) async {
        let known = memory.withLock { $0.look }
        while .now < deadline, !Task.isCancelled {
            let seen = tracking.bell.count
            guard let reply = try? await tracking.look(lookCommands)[0] else {
                // The server is away: whoever leads finds out for itself.
                try? await Task.sleep(until: min(deadline, .now + .seconds(1)))
                return
            }
            let look = Self.look(reply)
            if look.leader != known.leader || look.commands > known.commands { return }
            await tracking.bell.wait(since: seen, until: min(deadline, tracking.nextLook))
        }
    }

    func close() async {
        memory.withLock { $0.isClosed = true }
        await leave()
        await tracking.close()
    }

    private func leave() async {
        memory.withLock { $0.records = nil }
        _ = try? await broker.link.ask(RedisCommand(RedisBrokerScripts.leave, keys: [key], [.text(identity.id)]))
    }
}
