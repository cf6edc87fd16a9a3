import CeleryAMQP
package import CeleryCore
import RabbitMQ

extension AMQPBroker: PowerLacking {
    package func lackedPowers() async throws -> [LackedPower] { try await link.abilities().lackedPowers }

    package func serverTitle() async throws -> String { try await link.abilities().title }
}

extension ServerAbilities {
    /// What operators should know. Whatever the driver replaces without a difference is left out.
    var lackedPowers: [LackedPower] {
        LackedPower.Kind.allCases.compactMap { kind in
            let (ability, name, consequence): (Ability, String, String) =
                switch kind {
                case .confirms: (.confirms, "publisher confirms", "messages are published in transactions, which is slower")
                case .delays:
                    (.delays, "queues that hold messages back", "messages with a far-off ETA wait in the celery.db of the worker that takes them")
                case .streams:
                    (.streams, "streams", "past events are not kept, and revoked tasks, paused queues and statistics are in the celery.db of each project")
                case .priorities: (.priorities, "priorities", "each queue hands over its oldest message first")
                case .redelivery:
                    (.redelivery, "the mark of second deliveries", "attempts do not count lost workers, and workers look each task up in the result store")
                case .expiry: (.expiry, "queues that expire", "results that nobody fetches from result queues stay")
                case .tables: (.tables, "lists and tables in headers", "Python's workers see no time limits and stamps, and its clients need task_protocol = 1")
                case .exchangeBindings: (.exchangeBindings, "bindings between exchanges", "Python's clients cannot delay messages for topic and fanout exchanges")
                case .locks: (.exclusiveConsumers, "locks that end with their owner", "beat cannot run, and a dead connection may stop the server")
                case .separateQueues:
                    (.separateQueues, "queues that stay apart", "after its restart Python's workers on queue a also get messages of queue a.b")
                }
            return has(ability) ? nil : LackedPower(kind, name, consequence: consequence)
        }
    }
}

extension Inbox {
    /// What workers say at their start; `nil` for a server that lacks nothing.
    func lacks(at location: String) -> String? {
        guard let server, !server.lackedPowers.isEmpty else { return nil }
        return "broker \(location) is \(server.title), which lacks \(server.lackedPowers.map(\.name).joined(separator: ", ")); see celery doctor"
    }
}
