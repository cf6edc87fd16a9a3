import CeleryCore
import Client

/// Whether the queues at a broker with declarations are those of the settings.
struct DeclarationsCheck: ServerCheck {
    let name = "declarations"

    func findings(_ patient: Patient, _ client: Client) async throws -> [Finding] {
        guard let checking = client.broker as? any DeclarationChecking else { return [] }
        let settings = patient.settings
        var found: [Finding] = []
        let queues = ([settings.defaultQueue] + settings.queues + settings.queueDefinitions.keys.sorted()).distinct
        for queue in queues {
            switch try await checking.standing(of: queue) {
            case .asExpected: break
            case .missing: found.append(finding(.ok, "queue \(queue.forLog) does not exist yet; the first worker or task declares it"))
            case .different(let reason):
                found.append(
                    finding(.error, "queue \(queue.forLog) was declared in another way: \(reason.forLog)",
                        hint: "describe the queue in CELERY_QUEUES as it is, or delete it at the broker and restart its workers"))
            }
        }
        return found.isEmpty ? [finding(.ok, "\(queues.count) queue\(queues.count == 1 ? " is" : "s are") declared as the settings say")] : found
    }
}
