package import CeleryCore
import Redis
import Synchronization

// A worker that dies leaves three things: its lease, which runs out, what it has said about itself, and the record of what it
// holds. Whoever finds the lease run out takes over: puts back what the record still has, and then forgets the worker. Should that
// one die as well, the next goes on. What Python's workers hold is theirs to put back.
extension RedisConsumer: LeaseHolding {
    package var leaseRenewalInterval: Duration { min(.seconds(2), .seconds(broker.settings.lease) / 6) }

    /// Longest time between two renewals of what is held.
    private static let longestRenewal: Duration = .seconds(60)
    /// How often bindings are written again: a server that evicts keys may have dropped them.
    private static let declarationInterval: Duration = .seconds(60)
    /// How long a takeover may take before another worker begins it anew.
    private static let takeoverMilliseconds = 15_000
    /// Records in one step, and messages, which may be large.
    private static let batch = 500
    private static let textBatch = 50

    package func renewLease() async throws -> [(worker: String, messages: Int)] {
        let (now, dead) = try await live()
        try await returnUncertain()
        try await renewHeld()
        if rounds.withLock({ $0.declaration <= .now }) {
            try await declare(queues)
            rounds.withLock { $0.declaration = .now + Self.declarationInterval }
        }
        var reports: [(worker: String, messages: Int)] = []
        for worker in dead {
            guard let count = try await takeOver(worker) else { continue }
            if try await forget(worker, now) { reports.append((worker.record?.name ?? worker.id, count)) }
        }
        return reports
    }

    package func announce(tasks: [String]) async throws {
        self.tasks.withLock { $0 = tasks }
        _ = try await live()
    }

    /// A worker whose lease has run out.
    struct DeadWorker: Sendable {
        var id: String
        /// Until when it lived, as the server writes it.
        var lease: String
        var record: RedisWorkerRecord?
    }

    /// Prolongs this worker's lease.
    ///
    /// - Returns: The server's time, and others whose lease has run out.
    func live() async throws -> (now: Timestamp, dead: [DeadWorker]) {
        var record = RedisWorkerRecord(identity, queues: queues, started: started)
        record.tasks = tasks.withLock { $0 }
        let reply = try await link.ask(
            RedisCommand(
                RedisBrokerScripts.live, keys: [layout.leases, layout.workers, layout.pulse],
                [broker.timeWord, .text(identity.id), .number(broker.settings.lease), .bytes(record.bytes)])).elements ?? []
        let dead = stride(from: 1, to: reply.count - 2, by: 3).map { at in
            DeadWorker(
                id: reply[at].textValue ?? "", lease: reply[at + 1].textValue ?? "", record: reply[at + 2].bytesValue.flatMap(RedisWorkerRecord.init))
        }
        return (RedisTime.read(reply.first) ?? broker.now(), dead)
    }

    /// Renews the scores of what this worker holds, a quarter of the visibility timeout after the last time or sooner.
    private func renewHeld() async throws {
        guard rounds.withLock({ $0.renewal <= .now }) else { return }
        let held = deliveries.withLock { $0.held.values.map { [RedisCommand.Word.text($0.tag), .text(String($0.number))] } }
        for start in stride(from: 0, to: held.count, by: Self.batch) {
            let words = [broker.timeWord] + held[start..<min(start + Self.batch, held.count)].flatMap { $0 }
            _ = try await link.ask(RedisCommand(RedisBrokerScripts.renew, keys: [layout.unackedIndex, self.held], words))
        }
        let interval = min(Self.longestRenewal, .seconds(broker.options.visibilityTimeout / 4))
        rounds.withLock { $0.renewal = .now + interval }
    }

    /// Puts back what a dead worker holds, marked as messages that may have been tried.
    ///
    /// - Returns: How many there were; `nil` if another worker does it.
    private func takeOver(_ worker: DeadWorker) async throws -> Int? {
        let claim = RedisCommand(
            "SET", .text(layout.takeover(of: worker.id)), .text(identity.id), "NX", "PX", .number(Self.takeoverMilliseconds))
        guard try await link.ask(claim, isRepeatable: false) == .status("OK") else { return nil }
        let key = layout.held(by: worker.id)
        let reply = try await link.ask(RedisCommand("HGETALL", .text(key))).elements ?? []
        var records: [(tag: String, number: Int64)] = []
        for at in stride(from: 0, to: reply.count - 1, by: 2) {
            guard let tag = reply[at].textValue, let number = reply[at + 1].textValue?.split(separator: " ").first.flatMap({ Int64($0) }) else { continue }
            records.append((tag, number))
        }
        // What is pushed last comes first.
        records.sort { $0.number > $1.number }
        var count = 0
        for start in stride(from: 0, to: records.count, by: Self.textBatch) {
            let part = Array(records[start..<min(start + Self.textBatch, records.count)])
            count += try await takeOver(part, from: key)
        }
        return count
    }

    private func takeOver(_ records: [(tag: String, number: Int64)], from key: String) async throws -> Int {
        let texts = try await link.ask(RedisCommand(["HMGET", .text(layout.unacked)] + records.map { .text($0.tag) })).elements ?? []
        var words: [RedisCommand.Word] = [.text(layout.again), .number(Self.memory)]
        for (record, text) in zip(records, texts) {
            let marked = text.bytesValue.flatMap(RedisEnvelope.redelivering) ?? []
            words += [.text(record.tag), .text(String(record.number)), .bytes(marked), "keep", "", "", "0"]
        }
        let reply = try await link.ask(RedisCommand(RedisBrokerScripts.putBack, keys: [layout.unacked, layout.unackedIndex, key], words))
        // What was no longer the dead worker's has no use for the record.
        _ = try await link.ask(RedisCommand(["HDEL", .text(key)] + records.map { .text($0.tag) }))
        return (reply.elements ?? []).count { $0.intValue == 1 }
    }

    /// - Returns: `false` if the worker lives again, or holds something again.
    private func forget(_ worker: DeadWorker, _ now: Timestamp) async throws -> Bool {
        var words: [RedisCommand.Word] = [.text(worker.id), .text(worker.lease)]
        var events: [Event] = []
        if let record = worker.record {
            let loss = record.lost(at: now)
            words += [.text(loss.name), .bytes(RedisLoss.bytes(loss))]
            events = [Event.loss(of: loss.name, pid: loss.pid, queues: loss.queues, started: loss.started, at: now)]
        }
        let keys = [
            layout.leases, layout.workers, layout.held(by: worker.id), layout.settled(by: worker.id), layout.takeover(of: worker.id), layout.lost,
        ]
        guard try await link.ask(RedisCommand(RedisBrokerScripts.forget, keys: keys, words)) == .integer(1) else { return false }
        if !events.isEmpty { try? await broker.send(events) }
        return true
    }
}

/// A worker that was lost, as it is kept.
enum RedisLoss {
    static func bytes(_ loss: LostWorker) -> [UInt8] {
        JSON.object([
            "name": .string(loss.name), "pid": .int(Int64(loss.pid)), "queues": .array(loss.queues.map(JSON.string)),
            "started": .double(loss.started.seconds), "lost": .double(loss.lost.seconds),
        ]).bytes()
    }

    /// - Returns: `nil` for what is none.
    static func read(_ bytes: [UInt8]) -> LostWorker? {
        guard let json = try? JSON(parsing: bytes), let name = json["name"]?.stringValue, let lost = json["lost"]?.doubleValue else { return nil }
        return LostWorker(
            name: name, pid: json["pid"]?.intValue ?? 0, queues: (json["queues"]?.arrayValue ?? []).compactMap(\.stringValue),
            started: Timestamp(seconds: json["started"]?.doubleValue ?? lost), lost: Timestamp(seconds: lost))
    }
}

extension RedisBroker: LossTelling {
    package func lostWorkers() async throws -> LostWorkers {
        let reply = try await link.ask(RedisCommand("HVALS", .text(layout.lost))).elements ?? []
        let since = now().seconds - LostWorkers.period.inSeconds
        let (old, recent) = reply.compactMap { $0.bytesValue.flatMap(RedisLoss.read) }.reduce(into: ([LostWorker](), [LostWorker]())) {
            if $1.lost.seconds < since { $0.0.append($1) } else { $0.1.append($1) }
        }
        if !old.isEmpty { _ = try await link.ask(RedisCommand(["HDEL", .text(layout.lost)] + old.map { .text($0.name) })) }
        return LostWorkers(recent)
    }
}
