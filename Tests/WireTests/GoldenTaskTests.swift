import CeleryCore
import Fixtures
import Testing
import Wire

@Suite struct GoldenTaskTests {
    @Test func `has all recordings`() {
        #expect(Golden.names("task-v2-").count == 30)
        #expect(Golden.names("task-v1-").count == 5)
        #expect(Golden.names("canvas-").count == 15)
        #expect(Golden.names("rpc-result-").count == 17)
    }

    /// The moment of sending that explains a recorded expiration.
    private func sendingTime(_ wire: WireMessage, _ message: Message) -> Timestamp {
        guard let expires = message.expires, let milliseconds = wire.properties.expiration.flatMap(Double.init) else {
            return Timestamp(seconds: 0)
        }
        // Half a millisecond off, so that rounding cannot go the wrong way.
        return Timestamp(seconds: expires.seconds - (milliseconds + 0.5) / 1_000)
    }

    @Test(arguments: Golden.names("task-v2-", "canvas-"))
    func `reads protocol 2 and writes it again`(name: String) throws {
        let wire = try Golden.message(name)
        if name == "task-v2-serializer-pickle.json" {
            #expect(throws: MalformedMessage(.contentType, "content type is pickle, which is never read; send json")) {
                try TaskMessageDecoder().decode(wire)
            }
            return
        }
        let message = try TaskMessageDecoder().decode(wire)
        let again = TaskMessageEncoder.encode(message, now: sendingTime(wire, message))
        #expect(again.exchange == wire.exchange)
        #expect(again.routingKey == wire.routingKey)
        #expect(again.properties == wire.properties)
        #expect(again.body == wire.body)
        #expect(again.headers.keys == wire.headers.keys)
        for (key, value) in wire.headers.members {
            if key == "eta" || key == "expires", let text = value.stringValue {
                // The same moment; and the same text if it was told in UTC.
                let written = try #require(again.headers[key]?.stringValue)
                #expect(ISO8601.timestamp(written) == ISO8601.timestamp(text))
                if text.hasSuffix("+00:00") { #expect(written == text) }
            } else {
                #expect(again.headers[key] == value, "\(key)")
            }
        }
    }

    @Test(arguments: Golden.names("task-v2-", "canvas-"))
    func `reads the arguments of protocol 2 and writes them again, byte for byte`(name: String) throws {
        let wire = try Golden.message(name)
        guard name != "task-v2-serializer-pickle.json" else { return }
        let message = try TaskMessageDecoder().decode(wire)
        var plain = String(decoding: try BodyCodec.encode(BodyCodec.decode(message.body)).bytes, as: UTF8.self)
        if name.contains("compression") {
            #expect(plain == #"[[2, 3], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"#)
            return
        }
        // An empty chain and none are the same to us; only this recording has an empty one.
        if name == "canvas-chain-run-step3.json" { plain = plain.replacing(#""chain": null"#, with: #""chain": []"#) }
        #expect(plain == String(decoding: wire.body, as: UTF8.self))
    }

    @Test(arguments: Golden.names("task-v1-"))
    func `reads protocol 1 and writes it again, byte for byte`(name: String) throws {
        let wire = try Golden.message(name)
        let message = try TaskMessageDecoder().decode(wire)
        let again = try ProtocolOne.encode(message, now: sendingTime(wire, message))
        #expect(again.properties.expiration != nil || wire.properties.expiration == nil)
        #expect(String(decoding: again.body, as: UTF8.self) == String(decoding: wire.body, as: UTF8.self))
        #expect(again.headers == wire.headers)
        #expect(again.routingKey == wire.routingKey)
        var properties = again.properties
        properties.expiration = wire.properties.expiration
        #expect(properties == wire.properties)
    }

    @Test(arguments: Golden.names("task-", "canvas-"))
    func `keeps a message in the form of a database row`(name: String) throws {
        guard name != "task-v2-serializer-pickle.json" else { return }
        var message = try TaskMessageDecoder().decode(Golden.message(name))
        let row = try EncodedMessage(message).message()
        // Not to name a priority is to name the lowest.
        if message.priority == 0 { message.priority = nil }
        // To be one's own root is to name none.
        if message.rootID == message.id { message.rootID = nil }
        #expect(row == message)
    }

    @Test func `brings protocol 1 into the form of protocol 2`() throws {
        let message = try TaskMessageDecoder().decode(Golden.message("task-v1-countdown-expires-link.json"))
        #expect(message.task == "proj.echo")
        #expect(message.id == TaskID("d4999d5b-3064-4476-bed6-884eb7071cb0"))
        #expect(message.hardTimeLimit == 30)
        #expect(message.softTimeLimit == 20)
        #expect(message.eta == ISO8601.timestamp("2026-11-22T17:37:26.522749Z"))
        let arguments = try BodyCodec.decode(message.body)
        #expect(arguments.args == [2, 3])
        #expect(arguments.kwargs == ["z": 1])
        #expect(arguments.embed.callbacks == [Signature(task: "proj.mul", args: [3])])
        #expect(arguments.embed.errbacks == [Signature(task: "proj.on_err")])
        #expect(message.body.bytes.starts(with: #"[[2, 3], {"z": 1}, {"callbacks": [{"#.utf8))
    }

    @Test func `reads the fields of headers`() throws {
        let message = try TaskMessageDecoder().decode(Golden.message("task-v2-timelimit-priority-shadow.json"))
        #expect(message.task == "proj.add")
        #expect(message.hardTimeLimit == 30)
        #expect(message.softTimeLimit == 20.5)
        #expect(message.priority == 5)
        #expect(message.shadow == "shown.name")
        #expect(message.ignoreResult == false)
        #expect(message.origin == "gen23480@wirehost")
        #expect(message.argsRepr == "(2, 3)")
        #expect(message.route == Route(queue: "wirecap"))
        #expect(message.headers.isEmpty)
        let member = try TaskMessageDecoder().decode(Golden.message("canvas-group-member2.json"))
        #expect(member.groupID == "aa03c1b9-51d3-48d8-a439-ac5269af9224")
        #expect(member.groupIndex == 2)
        let custom = try TaskMessageDecoder().decode(Golden.message("task-v2-custom-headers.json"))
        #expect(custom.headers == ["x-trace": "abc", "n": 5])
        let routed = try TaskMessageDecoder().decode(Golden.message("task-v2-exchange-routing.json"), queue: "q")
        #expect(routed.route == Route(queue: "q", exchange: "wirex", routingKey: "a.b.c"))
        let transient = try TaskMessageDecoder().decode(Golden.message("task-v2-delivery-transient.json"))
        #expect(!transient.isPersistent)
    }

    @Test(arguments: Golden.names("task-v2-", "canvas-"))
    func `shows arguments as Celery does`(name: String) throws {
        let wire = try Golden.message(name)
        let argsRepr = try #require(wire.headers["argsrepr"]?.stringValue)
        let kwargsRepr = try #require(wire.headers["kwargsrepr"]?.stringValue)
        // Pickle is not read, and repr of dates and UUIDs is not ours.
        guard !["task-v2-serializer-pickle.json", "task-v2-json-special-types.json"].contains(name) else { return }
        let arguments = try BodyCodec.decode(TaskMessageDecoder().decode(wire).body)
        if name == "canvas-chord-unlock-task.json" {
            // Tuples within became lists in JSON.
            func lists(_ text: String) -> String {
                text.replacing("(...)", with: "[...]").replacing("'args': ()", with: "'args': []")
                    .replacing("[((...), None), ((...), None)]", with: "[[[...], None], [[...], None]]")
                    .replacing("[([...], None), ([...], None)]", with: "[[[...], None], [[...], None]]")
            }
            #expect(lists(PythonRepr.args(arguments.args)) == lists(argsRepr))
            #expect(PythonRepr.kwargs(arguments.kwargs) == lists(kwargsRepr))
            return
        }
        #expect([PythonRepr.args(arguments.args), PythonRepr.text(of: .array(arguments.args))].contains(argsRepr))
        #expect(PythonRepr.kwargs(arguments.kwargs) == kwargsRepr)
    }
}
