import CeleryCore
import Client

/// The workers that answer remote control, and what they say of themselves.
struct Fleet: Sendable {
    struct Member: Sendable {
        var name: String
        var queues: [String]
        var kind: Kind
        /// Name and version of its program, if it knows probes.
        var software: String?
        /// Seconds by which its clock is ahead of ours at least; 0 if it may be right. `nil` if that cannot be told.
        var clockOffset: Double?
    }

    enum Kind: Sendable, Equatable {
        /// It has the task `celery.probe`.
        case probed
        /// An earlier version of this program.
        case earlier
        /// Python's, or another program.
        case foreign
    }

    var members: [Member] = []
    /// Workers that exist and do not answer.
    var silent: [String] = []

    /// How long workers may take that cannot be listed.
    private static let gathering = Duration.seconds(1)

    /// Asks the worker of `--worker`, or all.
    ///
    /// - Throws: `DriverError`, also where workers cannot be asked.
    static func look(_ patient: Patient, _ client: Client) async throws -> Fleet {
        try await look(client, patient.worker.map { WorkerChoice(names: [$0]) } ?? .all, within: patient.patience)
    }

    static func look(_ client: Client, _ choice: WorkerChoice, within patience: Duration) async throws -> Fleet {
        guard let asking = client.broker as? any WorkerAsking else { throw DriverError.lacks("ask workers", client.broker.location) }
        let areKnown = choice.names != nil || (client.broker as? any WorkerListing)?.knowsWorkers == true
        let first = try await asking.ask(
            [ControlRequest(method: "stats"), ControlRequest(method: "active_queues")], of: choice,
            within: areKnown ? patience : min(patience, gathering))
        var fleet = Fleet(silent: first.silent)
        for answer in first.answers[0] where !fleet.members.contains(where: { $0.name == answer.worker }) {
            let queues = first.answers[1].first { $0.worker == answer.worker }?.value.arrayValue ?? []
            // Python's workers log an error for a method that they do not know, so ask only ours.
            let isOurs = answer.value["pool"]?["implementation"]?.stringValue?.hasPrefix("celery:") == true
            fleet.members.append(
                Member(name: answer.worker, queues: queues.compactMap { $0["name"]?.stringValue }, kind: isOurs ? .earlier : .foreign))
        }
        fleet.members.sort { $0.name < $1.name }
        try await fleet.askOurs(asking, within: patience)
        return fleet
    }

    private mutating func askOurs(_ asking: any WorkerAsking, within patience: Duration) async throws {
        let names = members.filter { $0.kind == .earlier }.map(\.name)
        guard !names.isEmpty else { return }
        let asked = Timestamp.now.seconds
        let answers = try await asking.ask([ControlRequest(method: "probe")], of: WorkerChoice(names: names), within: patience)
        let answered = Timestamp.now.seconds
        for answer in answers.answers[0] {
            guard let index = members.firstIndex(where: { $0.name == answer.worker }), let time = answer.value["time"]?.doubleValue else { continue }
            members[index].kind = .probed
            members[index].software = answer.value["software"]?.stringValue
            members[index].clockOffset = time < asked ? time - asked : time > answered ? time - answered : 0
        }
    }
}
