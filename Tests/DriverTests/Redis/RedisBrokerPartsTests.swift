@testable import Brokers
import CeleryCore
import Fixtures
import Redis
import Testing

/// What of the broker needs no server.
@Suite struct RedisBrokerPartsTests {
    private func options(_ url: String) throws -> RedisBrokerOptions { try RedisBrokerOptions(ServiceURL(url)) }

    @Test func `options of a URL are those of kombu's transport`() throws {
        let plain = try options("redis://h/3")
        #expect((plain.visibilityTimeout, plain.keyPrefix, plain.prioritySteps, plain.fanoutPrefix) == (3_600, "", [0, 3, 6, 9], "/3."))
        let all = try options(
            "redis://h/3?visibility_timeout=90.5&global_keyprefix=shop-&priority_steps=0,5&sep=%3A&fanout_prefix=false&queue_order_strategy=sorted&socket_timeout=2")
        #expect((all.visibilityTimeout, all.keyPrefix, all.prioritySteps, all.separator) == (90.5, "shop-", [0, 5], ":"))
        #expect((all.fanoutPrefix, all.order, all.server.answerTimeout) == ("", .sorted, .seconds(2)))
    }

    @Test(arguments: [
        ("visibility_timeout=0", "visibility_timeout must be a number of seconds, at least 1"),
        ("visibility_timeout=soon", "visibility_timeout must be a number of seconds, at least 1"),
        ("priority_steps=3,6", "priority_steps must be rising numbers from 0 up to 9, such as 0,3,6,9"),
        ("priority_steps=0,6,3", "priority_steps must be rising numbers from 0 up to 9, such as 0,3,6,9"),
        ("sep=", "sep is empty"), ("global_keyprefix=a%0Ab", "global_keyprefix has a line break or NUL in it"),
        ("queue_order_strategy=random", "queue_order_strategy must be round_robin, sorted or priority"),
        ("global_keyprefix=a&global_keyprefix=b", "option 'global_keyprefix' is given twice"),
        ("global_keyprefx=a", "unknown option 'global_keyprefx'; did you mean 'global_keyprefix'?"),
    ])
    func `refuses options that make no sense`(query: String, reason: String) {
        let error = #expect(throws: DriverError.self) { _ = try options("redis://:hush@h/0?\(query)") }
        #expect(error?.code == .configuration && error?.message == "redis://:***@h/0: \(reason)")
    }

    @Test func `a priority goes to the list of the largest step below it`() throws {
        let layout = RedisLayout(try options("redis://h/0?global_keyprefix=p-"))
        let lists = [nil, -1, 0, 2, 3, 5, 6, 8, 9, 255].map { layout.list("q", priority: $0) }
        let steps = ["p-q", "p-q\u{06}\u{16}3", "p-q\u{06}\u{16}6", "p-q\u{06}\u{16}9"]
        #expect(lists == [0, 0, 0, 0, 1, 1, 2, 2, 3, 3].map { steps[$0] })
        #expect(layout.lists("q") == steps)
    }

    @Test(arguments: ["", "a\nb", "a\u{0}b", "a\u{06}\u{16}3"]) func `refuses names that no key may have`(name: String) throws {
        let layout = RedisLayout(try options("redis://h/0"))
        #expect(throws: DriverError.self) { try layout.check(name, "a queue") }
    }

    @Test(arguments: [
        ("a", "a", true), ("a", "b", false), ("a.*", "a.b", true), ("a.*", "a.b.c", false), ("a.*", "a.", false), ("a.#", "a.b.c", true),
        ("a.#", "a", false), ("#", "x.y", true), ("*.b", "a.b", true), ("a.#.z", "a.b.c.z", true), ("a.#.z", "a.z", false),
    ])
    func `topics match as kombu's regular expressions do`(key: String, routingKey: String, matches: Bool) {
        var definition = QueueDefinition("q")
        definition.exchangeType = "topic"
        definition.routingKey = key
        #expect(QueueBinding(definition).takes(routingKey) == matches)
    }

    @Test func `bindings are written as kombu writes them`() {
        var topic = QueueDefinition("q")
        (topic.exchangeType, topic.routingKey) = ("topic", "a-b.*.#")
        #expect(QueueBinding(topic).text(separator: "\u{06}\u{16}") == "a-b.*.#\u{06}\u{16}^a\\-b\\.[^\\.]+\\..*?$\u{06}\u{16}q")
        let direct = QueueBinding(QueueDefinition("celery"))
        #expect(direct.text(separator: "|") == "celery||celery")
        #expect(QueueBinding("celery||celery", separator: "|") == direct)
        #expect(QueueBinding("celery|celery", separator: "|") == nil && QueueBinding("", separator: "|") == nil)
    }

    @Test func `times keep six digits`() {
        #expect(RedisTime.text(Timestamp(seconds: 1_796_000_000.25)) == "1796000000.250000")
        #expect(RedisTime.text(Timestamp(seconds: 0)) == "0.000000")
        for odd in [-5.0, .infinity, -.infinity, .nan, 1e300] { #expect(!RedisTime.text(Timestamp(seconds: odd)).isEmpty) }
    }

    @Test func `queues take turns, and a heavier one more in a row`() {
        var turns = QueueTurns(weights: ["b": 3])
        var taken: [String] = []
        for _ in 0..<12 {
            // One at a time: the first has its turn.
            let next = turns.turns(["a", "b"])[0].queue
            taken.append(next)
            turns.note([next], of: ["a", "b"])
        }
        #expect(taken.joined() == "abbbabbbabbb")
        #expect(QueueTurns(.sorted).turns(["b", "a"]).map(\.queue) == ["a", "b"])
        #expect(QueueTurns(.priority).turns(["b", "a"]).map(\.queue) == ["b", "a"])
    }

    @Test func `a turn that was not used up goes on`() {
        var turns = QueueTurns(weights: ["a": 4])
        turns.note(["a", "a", "a"], of: ["a", "b"])
        #expect(turns.turns(["a", "b"])[0] == QueueTurns.Turn(queue: "a", weight: 4, first: 1))
        turns.note(["a", "b"], of: ["a", "b"])
        #expect(turns.turns(["a", "b"])[0] == QueueTurns.Turn(queue: "a", weight: 4, first: 4))
        // A queue that was left is no one's turn.
        #expect(turns.turns(["b"])[0].queue == "b")
    }

    @Test func `ids of streams are compared by number`() {
        #expect(StreamID("9-2")! < StreamID("10-0")! && StreamID("10-9")! < StreamID("10-11")! && StreamID("7") == StreamID("7-0"))
        for text in ["", "-1", "1-", "a", "1-2-3", "99999999999999999999"] { #expect(StreamID(text) == nil) }
    }
}
