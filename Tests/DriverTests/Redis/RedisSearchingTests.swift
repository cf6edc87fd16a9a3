@testable import Brokers
import CeleryCore
import Fixtures
import Redis
import Testing
import Wire

/// Finding messages in kombu's keys, which have no index of ids.
@Suite(.timeLimit(.minutes(3))) struct RedisSearchingTests {
    private let place: RedisBrokerPlace

    init() throws { place = try RedisBrokerPlace() }

    /// A message as Python writes it.
    private func text(_ id: String, task: String = "t", headers: String = "", properties: String = "") -> String {
        #"{"body": "W1tdLCB7fSwge31d", "content-encoding": "utf-8", "content-type": "application/json", "headers": {"lang": "py", "task": "\#(task)", "id": "\#(id)", "parent_id": null\#(headers)}, "properties": {"correlation_id": "\#(id)", "body_encoding": "base64", "delivery_tag": "tag-\#(id)", "delivery_info": {"exchange": "", "routing_key": "celery"}\#(properties)}}"#
    }

    @Test func `a message that waits is found with the number of those before it, over all priorities`() async throws {
        let broker = try place.broker()
        try await broker.publish([Message("0"), Message("0"), Message("3", priority: 3)])
        let wanted = Message("wanted", priority: 3)
        try await broker.publish([wanted, Message("after", priority: 3), Message("9", priority: 9)])
        let search = try await broker.search(for: [wanted.id])
        let found = try #require(search.found[wanted.id])
        #expect(search.limit == nil)
        #expect(found.location.task == "wanted" && found.location.queue == "celery" && found.location.state == .pending)
        #expect(found.standing.ahead == 3 && found.standing.attempts == 0 && found.standing.message?.id == wanted.id)
        await broker.close()
    }

    @Test func `a message of Python is found by its own id, not by one that it mentions`() async throws {
        let broker = try place.broker()
        try await place.push(text("child", headers: #", "root_id": "wanted", "group": "wanted""#))
        try await place.push(text("wanted"))
        try await place.push(#"{"body": "e30=", "headers": {}, "properties": {"correlation_id": "wanted-1", "body_encoding": "base64"}}"#)
        for nonsense in ["wanted", "[1, \"wanted\"]", "\"wanted\"", "{\"headers\": \"wanted\"}", "[{\"headers\": 1, \"id\": \"wanted\"}]"] {
            try await place.push(nonsense)
        }
        let search = try await broker.search(for: [TaskID("wanted"), TaskID("nobody")])
        #expect(search.found.keys.map(\.text) == ["wanted"] && search.limit == nil)
        #expect(search.found[TaskID("wanted")]?.standing.ahead == 1)
        await broker.close()
    }

    @Test(arguments: ["é", "a\"b\\c", "50%-(x)[y]", "日本"]) func `an odd id is found`(id: String) async throws {
        let broker = try place.broker()
        var message = Message("t")
        message.id = TaskID(id)
        try await broker.publish([message, Message("other")])
        #expect(try await broker.search(for: [message.id]).found[message.id]?.standing.ahead == 0)
        await broker.close()
    }

    @Test func `long queues are read in pieces to their end`() async throws {
        let broker = try place.broker()
        let messages = (0..<4_500).map { _ in Message("t") }
        try await broker.publish(messages)
        let search = try await broker.search(for: [messages[0].id, messages[2_222].id, messages[4_499].id])
        #expect([0, 2_222, 4_499].allSatisfy { search.found[messages[$0].id]?.standing.ahead == $0 })
        await broker.close()
    }

    @Test func `a message with an ETA is found with its time`() async throws {
        let clock = ManualClock()
        let broker = try place.broker(testTime: { clock.now })
        let message = Message("later", eta: clock.now + .seconds(60))
        try await broker.publish([message])
        let worker = try await broker.worker()
        #expect(try await worker.take(1).isEmpty)
        let found = try #require(try await broker.search(for: [message.id]).found[message.id])
        #expect(found.location.state == .pending && found.location.eta == message.eta && found.standing.ahead == nil)
        await worker.close()
        await broker.close()
    }

    @Test func `a message that waits for limits is told from one with an ETA`() async throws {
        let clock = ManualClock()
        let broker = try place.broker(testTime: { clock.now })
        try await broker.publish([Message("limited")])
        let worker = try await broker.worker()
        let deliveries = try await worker.take(1)
        try #require(deliveries.count == 1)
        let postponement = Postponement(deliveries[0].handle, until: clock.now + .seconds(30), since: clock.now)
        #expect(try await worker.postpone([postponement]) == [true])
        let id = deliveries[0].message.id
        let found = try #require(try await broker.search(for: [id]).found[id])
        #expect(found.waitsSince == clock.now && found.location.eta == clock.now + .seconds(30) && found.location.state == .pending)
        #expect(found.standing.attempts == 0)
        await worker.close()
        await broker.close()
    }

    @Test func `a message that is held names its worker, and whether that lives`() async throws {
        let clock = ManualClock()
        let broker = try place.broker(testTime: { clock.now })
        try await broker.publish([Message("a")])
        let worker = try await broker.worker("busy@host")
        let id = try #require(try await worker.take(1).first).message.id
        let found = try #require(try await broker.search(for: [id]).found[id])
        #expect(found.location.state == .started && found.location.worker == "busy@host" && found.isHolderAlive)
        #expect(found.standing.attempts == 1)
        await worker.die()
        clock.advance(by: .seconds(60))
        let lost = try #require(try await broker.search(for: [id]).found[id])
        #expect(lost.location.worker == "busy@host" && !lost.isHolderAlive)
        await broker.close()
    }

    @Test func `what a worker of Python holds is found without its name`() async throws {
        let broker = try place.broker()
        _ = try await place.ask("HSET", place.key("unacked"), "T", "[\(text("wanted")), \"\", \"celery\"]")
        _ = try await place.ask("ZADD", place.key("unacked_index"), "1796000000.5", "T")
        let found = try #require(try await broker.search(for: [TaskID("wanted")]).found[TaskID("wanted")])
        #expect(found.location.state == .started && found.location.worker == nil && !found.isHolderAlive && found.location.queue == "celery")
        await broker.close()
    }

    @Test func `a message that came back tells its attempts`() async throws {
        let broker = try place.broker()
        try await place.push(text("wanted"))
        let worker = try await broker.worker()
        for _ in 0..<2 {
            let deliveries = try await worker.take(1)
            try await worker.giveBack(deliveries.map(\.handle), started: true)
        }
        let found = try await broker.search(for: [TaskID("wanted")]).found[TaskID("wanted")]
        #expect(found?.standing.attempts == 2 && found?.location.state == .pending)
        let third = try await worker.take(1)
        #expect(third.attempts == [3])
        #expect(try await broker.search(for: [TaskID("wanted")]).found[TaskID("wanted")]?.standing.attempts == 3)
        await worker.close()
        await broker.close()
    }

    @Test func `events of a task are found among those of others`() async throws {
        let broker = try place.broker("", testTime: nil) { $0.eventLog = 3_600 }
        try await broker.keepEvents()
        let (wanted, other) = (TaskID(), TaskID())
        func event(_ type: String, _ id: TaskID, parent: JSON = .null) -> Event {
            Event(type, from: "w@h", pid: 1, clock: 1, at: .now, details: ["uuid": .string(id.text), "parent_id": parent])
        }
        let events = [event("task-started", wanted), event("task-started", other, parent: .string(wanted.text)), event("task-failed", wanted)]
        try await broker.send(events)
        #expect(try await broker.searchEvents(of: [wanted]).map(\.event.type) == ["task-started", "task-failed"])
        #expect(try await broker.searchEvents(of: [TaskID()]).isEmpty)
        await broker.close()
    }
}
