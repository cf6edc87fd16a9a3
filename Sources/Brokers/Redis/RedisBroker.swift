// The broker driver for Redis, in the layout of Python's kombu, so that its workers, clients and monitors share the queues.
//
//     RedisBroker     publishes, counts, purges      one connection for commands, opened on first use
//     RedisConsumer   one worker's subscription      three connections: commands, changes of queues, requests
//
// See `RedisLayout` for the keys, `RedisEnvelope` for messages, `RedisBrokerScripts` for what is done in one step, and the room
// `Redis` for connections.

package import CeleryCore
import Redis
import Synchronization
import Wire

/// Stores messages in a Redis server.
package final class RedisBroker: Broker {
    package let location: String
    let options: RedisBrokerOptions
    let settings: Settings
    let layout: RedisLayout
    let link: RedisLink
    /// The time of tests; `nil` for that of the server.
    let testTime: (@Sendable () -> Timestamp)?
    /// The id of this program and the number of its last batch: a batch that is sent twice is published once.
    private let program = TaskID().text
    private let batches = Atomic<Int>(0)

    /// Does not connect yet.
    package init(_ options: RedisBrokerOptions, settings: Settings, testTime: (@Sendable () -> Timestamp)? = nil) {
        self.options = options
        self.settings = settings
        self.testTime = testTime
        layout = RedisLayout(options)
        link = RedisLink(options.server)
        location = link.location
    }

    /// Messages in one step, and bytes after which no more are added to it.
    private static let batch = (messages: 1_000, bytes: 8 << 20)
    /// How many batches may be under way before the server forgets the first.
    private static let places = 64

    /// Nearly the server's time, for what need not be exact.
    func now() -> Timestamp { testTime?() ?? .now }

    /// The time as scripts take it: none for that of the server.
    var timeWord: RedisCommand.Word { .text(testTime.map { RedisTime.text($0()) } ?? "") }

    /// All or none, up to a thousand messages or eight megabytes; more are published in parts.
    package func publish(_ messages: [Message]) async throws {
        let pushes = try await pushes(of: messages)
        var start = 0
        while start < pushes.count {
            var end = start
            var size = 0
            while end < pushes.count, end - start < Self.batch.messages, size < Self.batch.bytes {
                size += pushes[end].text.count
                end += 1
            }
            do {
                try await push(Array(pushes[start..<end]))
            } catch var error as DriverError where start > 0 {
                error.unconfirmed = Set(pushes[start...].compactMap(\.id))
                throw error
            }
            start = end
        }
    }

    /// Puts messages into their lists in one step: once, even if the connection is lost before the answer comes.
    func push(_ pushes: [RedisPush]) async throws {
        guard !pushes.isEmpty else { return }
        let number = batches.add(1, ordering: .relaxed).newValue
        let queues = pushes.map(\.queue).distinct.filter { !settings.definition(of: $0).isTemporary }
        var words: [RedisCommand.Word] = [.number(number % Self.places), .number(number), .number(queues.count)]
        words += queues.map(RedisCommand.Word.text)
        for push in pushes { words += [.text(push.list), .bytes(push.text)] }
        _ = try await link.ask(RedisCommand(RedisBrokerScripts.publish, keys: [layout.sent(by: program), layout.queues], words))
    }

    package func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        try await RedisConsumer(broker: self, queues: queues.distinct, worker: worker)
    }

    package func close() async { await link.close() }
}

/// A message on its way into a list.
struct RedisPush: Sendable {
    /// The task; `nil` for a message that is none.
    var id: TaskID?
    var queue: String
    /// The key.
    var list: String
    var text: [UInt8]
}

extension RedisBroker: BrokerProbing {
    package func probe() async throws { _ = try await link.ask(RedisCommand("PING")) }
}

extension RedisBroker: DurabilityChecking {
    package func durabilityWarnings() async throws -> [String] {
        let info = try await link.ask(RedisCommand("INFO")).textValue ?? ""
        return RedisDurability(info: info).warnings(of: location, keeping: "messages")
    }
}
