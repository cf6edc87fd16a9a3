import CeleryCore
import Redis
import Wire

extension RedisBroker {
    /// The channel of a fanout exchange: `/0.celeryev/worker.heartbeat`.
    func channel(_ exchange: String, _ key: String = "") -> String {
        layout.prefix + options.fanoutPrefix + exchange + (key.isEmpty ? "" : "/" + key)
    }

    /// The command that tells all who listen to a fanout exchange. Its reply is their number.
    func telling(_ wire: WireMessage) -> RedisCommand {
        RedisCommand("PUBLISH", .text(channel(wire.exchange, wire.routingKey)), .bytes(RedisEnvelope(wire).bytes))
    }

    /// Milliseconds that an answer waits for who has asked: kombu's clients declare it of their queue, which is not known here.
    private static let answerMilliseconds = 60_000

    /// Puts an answer into the queue that its receiver has bound to the exchange of answers.
    func answer(_ wire: WireMessage) async throws {
        let members = try await link.ask(RedisCommand("SMEMBERS", .text(layout.bindings(wire.exchange)))).elements ?? []
        let bindings = members.compactMap { $0.textValue.flatMap { QueueBinding($0, separator: layout.separator) } }
        // A client that has left has no queue any more.
        let lists = bindings.filter { $0.takes(wire.routingKey) }.map { layout.list($0.queue, priority: 0) }.distinct
        let text = RedisEnvelope(wire).bytes
        let commands = lists.flatMap {
            [RedisCommand("LPUSH", .text($0), .bytes(text)), RedisCommand("PEXPIRE", .text($0), .number(Self.answerMilliseconds))]
        }
        if !commands.isEmpty { _ = try await link.ask(commands) }
    }
}
