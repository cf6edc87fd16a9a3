import CeleryCore
import Client

/// Which workers answer, whether they are of one version, and whether each queue of the settings has one.
struct WorkersCheck: FleetCheck {
    let name = "workers"

    func findings(_ patient: Patient, _ client: Client, _ fleet: Fleet) -> [Finding] {
        var found = fleet.silent.map {
            finding(.error, "does not answer within \(patient.patience.inSeconds) s", hint: "see its log; celery status lists the workers that answer", worker: $0)
        }
        guard !fleet.members.isEmpty else {
            return found.isEmpty ? [finding(.error, "no worker answers on \(client.broker.location)", hint: "celery celeryd --detach")] : found
        }
        for member in fleet.members {
            let program = member.kind == .foreign ? "another program, such as Python's Celery" : member.software ?? "an earlier version of this program"
            let text = "\(program.forLog), queues \(member.queues.joined(separator: ",").forLog)"
            let isSame = member.software.map { $0.contains(text: ":\(Version.text) ") } ?? (member.kind == .foreign)
            found.append(
                isSame
                    ? finding(.ok, text, worker: member.name)
                    : finding(.warning, "\(text); this is version \(Version.text)", hint: "celery celeryd --restart, where it runs", worker: member.name))
        }
        if patient.worker == nil {
            let consumed = Set(fleet.members.flatMap(\.queues))
            for queue in patient.settings.queues where !consumed.contains(queue) {
                found.append(finding(.warning, "no worker that answers consumes queue \(queue.forLog)", hint: "celery celeryd -Q \(ShellWord.quoted(queue))"))
            }
        }
        return found
    }
}
