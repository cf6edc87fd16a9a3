import CeleryCore
import Client

/// Whether messages wait where nobody takes them: in paused queues, and in queues without a consumer.
struct QueuesCheck: ServerCheck {
    let name = "queues"

    func findings(_ patient: Patient, _ client: Client) async throws -> [Finding] {
        guard let counting = client.broker as? any QueueCounting else { return [] }
        let pauses = try await (client.broker as? any QueuePausing)?.pausedQueues() ?? [:]
        var found = pauses.sorted { $0.key < $1.key }.map { queue, pause in
            finding(.warning, "queue \(queue.forLog) is paused\(pause.reason.map { ": \($0.forLog)" } ?? "")", hint: "celery queues resume \(ShellWord.quoted(queue))")
        }
        for count in try await counting.queues() {
            if let trouble = count.trouble {
                found.append(finding(.warning, trouble.forLog))
            } else if count.consumers == 0, count.ready > 0 {
                found.append(
                    finding(.warning, "queue \(count.name.forLog) has \(count.ready) message\(count.ready == 1 ? "" : "s") and no known consumer",
                        hint: "celery celeryd -Q \(ShellWord.quoted(count.name))"))
            }
        }
        return found.isEmpty ? [finding(.ok, "no message waits in a queue that nobody consumes")] : found
    }
}
