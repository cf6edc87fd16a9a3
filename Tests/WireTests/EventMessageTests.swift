import CeleryCore
import Fixtures
import Testing
import Wire

/// Events of monitors on the wire.
@Suite struct EventMessageTests {
    @Test func `has all recordings`() { #expect(Golden.names("event-").count == 11) }

    @Test(arguments: Golden.names("event-"))
    func `reads the events of Python, and writes them again, byte for byte`(name: String) throws {
        let wire = try Golden.message(name)
        let (events, unreadable) = EventMessage.events(in: wire)
        #expect(unreadable == 0)
        #expect(events.count == (name.contains("two-events") ? 2 : 1))
        let again = try #require(EventMessage.messages(of: events).first)
        #expect(again == wire)
        #expect(String(decoding: again.body, as: UTF8.self) == String(decoding: wire.body, as: UTF8.self))
    }

    @Test func `reads what all events have, and keeps the rest`() throws {
        let event = try #require(EventMessage.events(in: Golden.message("event-task-succeeded.json")).events.first)
        #expect(event.type == "task-succeeded" && event.isOfTask)
        #expect(event.hostname == "w1@wirehost" && event.pid == 5566 && event.clock == 7)
        #expect(event.time == Timestamp(seconds: 1_795_368_760.9068968))
        #expect(event.taskID == TaskID("29bea4fd-905d-41d0-9063-e18af973dd6c"))
        #expect(event.details.keys == ["uuid", "result", "runtime"])
        let online = try #require(EventMessage.events(in: Golden.message("event-worker-online.json")).events.first)
        #expect(online.taskID == nil && online.details["sw_ident"] == "py-celery")
    }

    @Test func `sends events of tasks in batches of 24 at most, and others by themselves, in order`() {
        func event(_ type: String, _ number: Int) -> Event {
            Event(type, from: "w@h", pid: 1, clock: Int64(number), at: Timestamp(seconds: 5), details: ["uuid": .string("\(number)")])
        }
        let events =
            (0..<50).map { event("task-started", $0) } + [event("worker-heartbeat", 50), event("task-failed", 51), event("task-sent", 52)]
        let messages = EventMessage.messages(of: events)
        #expect(messages.map(\.routingKey) == ["task.multi", "task.multi", "task.multi", "worker.heartbeat", "task.multi", "task.sent"])
        #expect(messages.map { EventMessage.events(in: $0).events.count } == [24, 24, 2, 1, 1, 1])
        #expect(messages.flatMap { EventMessage.events(in: $0).events } == events)
        #expect(EventMessage.messages(of: []).isEmpty)
    }

    @Test func `passes over what is no event, and takes the others`() {
        func read(_ body: String) -> (types: [String], unreadable: Int) {
            let read = EventMessage.events(in: WireMessage(routingKey: "task.multi", body: Array(body.utf8)))
            return (read.events.map(\.type), read.unreadable)
        }
        #expect(read("") == ([], 1))
        #expect(read("7") == ([], 1))
        #expect(read("[]") == ([], 0))
        #expect(read(#"{"type": "task-x"}"#) == ([], 1))
        #expect(read(#"{"type": "", "timestamp": 1}"#) == ([], 1))
        #expect(read(#"{"type": "x", "timestamp": NaN}"#) == ([], 1))
        #expect(read(#"[null, {"type": "a", "timestamp": 1}, [], {"type": "b", "timestamp": 2.5, "pid": "x", "hostname": 3}]"#) == (["a", "b"], 2))
    }

    @Test func `survives damaged events`() throws {
        var random = SeededGenerator(seed: 71)
        var (read, unread) = (0, 0)
        for name in Golden.names("event-") {
            let golden = try Golden.message(name)
            for _ in 0..<500 {
                var wire = golden
                for _ in 0..<Int.random(in: 1...4, using: &random) where !wire.body.isEmpty {
                    let place = Int.random(in: 0..<wire.body.count, using: &random)
                    switch Int.random(in: 0...2, using: &random) {
                    case 0: wire.body[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: wire.body.remove(at: place)
                    default: wire.body.insert(Array("\"\\{}[],:0e-".utf8).randomElement(using: &random)!, at: place)
                    }
                }
                let events = EventMessage.events(in: wire).events
                read += events.count
                if events.isEmpty { unread += 1 }
                #expect(EventMessage.messages(of: events).flatMap { EventMessage.events(in: $0).events } == events)
            }
        }
        #expect(read > 500 && unread > 500, "\(read), \(unread)")
    }
}

/// What events of tasks say.
@Suite struct TaskEventTests {
    private func message(_ args: [JSON], _ kwargs: JSONObject = [:]) -> Message {
        Message(id: TaskID("i"), task: "t", body: BodyCodec.encode(TaskArguments(args: args, kwargs: kwargs)))
    }

    @Test(arguments: ["event-task-received.json", "event-task-sent.json"])
    func `has the fields of Python's, in their order`(name: String) throws {
        let python = try #require(EventMessage.events(in: Golden.message(name)).events.first)
        var message = message([2, 3])
        message.rootID = message.id
        let ours = name.contains("sent") ? TaskEvent.sent(message, Redaction()) : TaskEvent.received(message, Redaction())
        #expect(ours.type == python.type)
        #expect(Set(ours.details.keys) == Set(python.details.keys))
        for key in ["args", "kwargs", "retries", "eta", "expires", "parent_id"] { #expect(ours.details[key] == python.details[key], "\(key)") }
    }

    @Test func `shows arguments, results and exceptions as Python does, and not without end`() {
        #expect(TaskEvent.received(message([1, "a"], ["b": nil]), Redaction()).details["args"] == "(1, 'a')")
        #expect(TaskEvent.received(message([1, "a"], ["b": nil]), Redaction()).details["kwargs"] == "{'b': None}")
        #expect(TaskEvent.succeeded(TaskID("i"), ["x": true], runtime: 0.5).details == ["uuid": "i", "result": "{'x': True}", "runtime": 0.5])
        let long = TaskEvent.succeeded(TaskID("i"), .string(String(repeating: "x", count: 1_000_000)), runtime: 1)
        #expect((long.details["result"]?.stringValue?.count ?? 0) < 1_100)
        let failure = TaskFailure(type: "ValueError", arguments: ["kaput", 7], module: "builtins")
        #expect(TaskEvent.failed(TaskID("i"), failure, traceback: "tb").details == ["uuid": "i", "exception": "ValueError('kaput', 7)", "traceback": "tb"])
        var unreadable = message([])
        unreadable.body.bytes = [1, 2, 3]
        #expect(TaskEvent.received(unreadable, Redaction()).details["args"] == "()")
    }

    @Test func `hides secret values, also in what a Python client says of its arguments`() {
        var message = message(["--token", "hush"], ["password": "hush", "n": 1])
        for event in [TaskEvent.sent(message, Redaction()), TaskEvent.received(message, Redaction())] {
            #expect(event.details["args"] == "('--token', '***')" && event.details["kwargs"] == "{'password': '***', 'n': 1}")
        }
        message.argsRepr = "('--token', 'hush')"
        message.kwargsRepr = "{'password': 'hush', 'pin': '<kept from all>'}"
        let event = TaskEvent.received(message, Redaction())
        #expect(event.details["args"] == "('--token', '***')" && event.details["kwargs"] == "{'password': '***', 'pin': '<kept from all>'}")
        let without = TaskEvent.received(message, Redaction(leavesOutArguments: true))
        #expect(without.details["args"] == "..." && without.details["kwargs"] == "...")
    }
}
