import CeleryCore
import Fixtures
import Testing
import Wire

@testable import Brokers
@testable import RabbitMQ

/// What stands in the stream of orders.
@Suite struct CommandStreamTests {
    private let now = Timestamp(seconds: 2e9)

    private var entries: [CommandStream.Entry] {
        [
            .revoke(Revocation(.id(TaskID("größe")), isTerminating: true, signal: "KILL", issued: now, until: now + .seconds(1))),
            .revoke(Revocation(.header("k", value: "v"), issued: now, until: now + .seconds(1))),
            .pause("q", QueuePause(since: now, until: now + .seconds(9), reason: "r", by: "me@here")), .pause("q", QueuePause(since: now)),
            .resume("q"), .seed,
        ]
    }

    @Test func `reads back what it wrote`() {
        for entry in entries { #expect(CommandStream.entry(CommandStream.message(entry)) == entry) }
    }

    @Test func `makes nothing of what is damaged`() {
        var generator = SeededGenerator(seed: 11)
        for entry in entries {
            let message = CommandStream.message(entry)
            for _ in 0..<2_000 {
                var damaged = message
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let index = Int.random(in: damaged.body.indices, using: &generator)
                    damaged.body[index] = UInt8.random(in: .min ... .max, using: &generator)
                }
                damaged.body = Array(damaged.body.prefix(Int.random(in: 0...damaged.body.count, using: &generator)))
                // Whatever it is, it must not end the worker.
                _ = CommandStream.entry(damaged)
            }
            #expect(CommandStream.entry(WireMessage(routingKey: "", body: Array(message.body.dropLast()))) == nil)
        }
        for text in ["", "null", "[]", "{}", #"{"queue": 1, "pause": {}}"#, #"{"queue": "q"}"#, #"{"revoke": []}"#] {
            #expect(CommandStream.entry(WireMessage(routingKey: "", body: Array(text.utf8))) == nil)
        }
    }

    @Test func `the worker takes each command once, and is told of pauses as long as they last`() async throws {
        let book = CommandBook()
        for entry in entries.prefix(3) { book.add(entry) }
        #expect(!book.isCaughtUp)
        book.catchUp()
        try await book.waitForNew()
        let commands = book.take(now)
        #expect(commands.revocations.count == 2 && commands.pauses.keys.sorted() == ["q"])
        #expect(book.take(now).revocations == [])
        #expect(book.take(now + .seconds(9)).pauses == [:])
        book.add(.seed)
        book.add(.resume("q"))
        try await book.waitForNew()
        #expect(book.take(now) == StandingCommands())
    }

    @Test func `what has come is taken by the weights of the queues when not all can be`() {
        var line = DeliveryQueue()
        line.shares = QueueShares(weights: ["a": 3])
        for tag in 1...20 {
            line.add(IncomingDelivery(
                channel: 1, consumer: tag <= 16 ? "1.a" : "2.b", tag: UInt64(tag), isRedelivered: false, message: WireMessage(routingKey: "", body: [])))
        }
        line.arrange(4) { String($0.suffix(1)) }
        let first = (0..<4).compactMap { _ in line.popArrived()?.tag }
        #expect(first == [1, 2, 3, 17])
        line.arrange(100) { String($0.suffix(1)) }
        #expect(line.popArrived()?.tag == 4)
    }
}
