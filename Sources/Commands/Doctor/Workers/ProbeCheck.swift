import CeleryCore
import Client

/// Whether each worker really consumes: a probe for each, in a queue of its own.
struct ProbeCheck: FleetCheck {
    let name = "probe"

    func findings(_ patient: Patient, _ client: Client, _ fleet: Fleet) async throws -> [Finding] {
        let probed = fleet.members.filter { $0.kind == .probed }
        var found = fleet.members.filter { $0.kind != .probed }.map { member in
            finding(.unknown, "answers remote control; it has no task \(Probe.task), so whether it consumes is not proven", worker: member.name)
        }
        guard !probed.isEmpty, let asking = client.broker as? any WorkerAsking else { return found }
        found += try await probe(probed.map(\.name), client, asking, patient.patience)
        guard patient.worker != nil, let member = probed.first else { return found }
        return found + (try await RealQueueProbe(check: self, client: client, asking: asking, patience: patient.patience).findings(member))
    }

    private func probe(_ workers: [String], _ client: Client, _ asking: any WorkerAsking, _ patience: Duration) async throws -> [Finding] {
        let visit = String(UInt64.random(in: .min ... .max), radix: 36)
        let start = ControlRequest(method: "probe", arguments: ["visit": .string(visit), "seconds": .double(patience.inSeconds + 5)])
        let started = try await asking.ask([start], of: WorkerChoice(names: workers), within: patience).answers[0]
        var found: [Finding] = []
        var ready: [String] = []
        for worker in workers {
            guard let answer = started.first(where: { $0.worker == worker })?.value else {
                found.append(finding(.error, "no longer answers", hint: "see its log", worker: worker))
                continue
            }
            if let error = answer["error"]?.stringValue {
                found.append(finding(.unknown, "cannot be probed: \(error.forLog)", worker: worker))
            } else {
                ready.append(worker)
            }
        }
        guard !ready.isEmpty else { return found }
        var round = ProbeRound(client, asking, of: ready, within: patience)
        let sent = ContinuousClock.now
        do {
            try await round.send(to: ready.map { Probe.queue(of: $0) }, within: patience)
            try await round.follow { $0.seen.count == $0.ids.count }
        } catch {
            await clean(round, visit, asking, workers)
            throw error
        }
        let milliseconds = BrokerCheck.milliseconds(since: sent)
        await clean(round, visit, asking, workers)
        for (worker, id) in zip(ready, round.ids) {
            found.append(
                round.seen[id] != nil
                    ? finding(.ok, "has consumed a probe within \(milliseconds) ms", worker: worker)
                    : round.failure(of: worker, in: self, what: "its probe"))
        }
        return found
    }

    /// Ends the visit: no queue is left behind, unless another doctor is there.
    private func clean(_ round: ProbeRound, _ visit: String, _ asking: any WorkerAsking, _ workers: [String]) async {
        let done = ControlRequest(method: "probed", arguments: ["done": .string(visit)])
        _ = try? await asking.ask([done], of: WorkerChoice(names: workers), within: .seconds(2))
        for worker in workers {
            let queue = QueueDefinition(temporary: Probe.queue(of: worker))
            if let removing = round.client.broker as? any QueueRemoving {
                try? await removing.remove(temporary: queue)
            } else if let purging = round.client.broker as? any QueuePurging, round.seen.count < round.ids.count {
                _ = try? await purging.purge([queue.name])
            }
        }
    }
}
