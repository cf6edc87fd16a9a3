import CeleryCore
import Client

/// Probes for one worker through the queues that it consumes. Other workers of a queue may take them instead.
struct RealQueueProbe: Sendable {
    let check: ProbeCheck
    let client: Client
    let asking: any WorkerAsking
    let patience: Duration

    /// Probes sent for each worker of a queue. Brokers spread messages over the workers that wait, so with several probes each worker gets one.
    private static let perWorker = 8
    private static let most = 64

    func findings(_ member: Fleet.Member) async throws -> [Finding] {
        let queues = member.queues.filter { !$0.hasPrefix(Probe.queuePrefix) }
        let pauses = try await (client.broker as? any QueuePausing)?.pausedQueues() ?? [:]
        let others = try await Fleet.look(client, .all, within: patience).members.filter { $0.name != member.name }
        var found: [Finding] = []
        for queue in queues {
            let name = "queue \(queue.forLog)"
            let sharing = others.filter { $0.queues.contains(queue) }
            if pauses[queue] != nil {
                found.append(check.finding(.warning, "\(name) is paused", hint: "celery queues resume \(ShellWord.quoted(queue))", worker: member.name))
            } else if let stranger = sharing.first(where: { $0.kind != .probed }) {
                found.append(
                    check.finding(.unknown, "\(name) gets no probe: \(stranger.name.forLog) consumes it too, and does not know probes", worker: member.name))
            } else {
                found.append(try await probe(queue, member.name, sharing.map(\.name)))
            }
        }
        return found
    }

    private func probe(_ queue: String, _ worker: String, _ others: [String]) async throws -> Finding {
        let count = others.isEmpty ? 1 : min(Self.most, Self.perWorker * (others.count + 1))
        var round = ProbeRound(client, asking, of: [worker] + others, within: patience)
        try await round.send(to: Array(repeating: queue, count: count), within: patience)
        do {
            try await round.follow { $0.seen.count == $0.ids.count || $0.seen.values.contains(worker) }
        } catch {
            await round.withdraw()
            throw error
        }
        let what = "queue \(queue.forLog)"
        guard !round.seen.values.contains(worker) else {
            await round.withdraw()
            return check.finding(.ok, "has consumed a probe from \(what)", worker: worker)
        }
        if round.seen.count == round.ids.count {
            return check.finding(.unknown, "has not got any of \(count) probes in \(what): other workers were faster", worker: worker)
        }
        let ready = try await (client.broker as? any QueueCounting)?.count(of: queue)?.ready ?? 0
        await round.withdraw()
        return round.failure(of: worker, in: check, what: what, waiting: max(0, ready - (round.ids.count - round.seen.count)))
    }
}
