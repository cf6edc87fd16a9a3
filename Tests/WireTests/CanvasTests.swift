import CeleryCore
import Fixtures
import Synchronization
import Testing
import Wire

@Suite struct CanvasTests {
    /// Ids `new1`, `new2`, ... in the order they are asked for.
    private static func context() -> Canvas.Context {
        let counter = Mutex(0)
        return Canvas.Context(now: Timestamp(seconds: 1_000), origin: "w@h") {
            counter.withLock { $0 += 1; return TaskID("new\($0)") }
        }
    }

    private func followUps(
        _ embed: TaskArguments.Embed, value: JSON = 5, state: TaskState = .success, root: String? = "root", task: String = "t"
    ) -> Canvas.FollowUps {
        var message = Message(id: TaskID("self"), task: task, body: MessageBody(bytes: []))
        message.rootID = root.map(TaskID.init)
        return Canvas.followUps(
            after: message, arguments: TaskArguments(embed: embed),
            result: TaskResult(id: message.id, state: state, value: value), context: Self.context())
    }

    private func arguments(_ message: Message) throws -> TaskArguments { try BodyCodec.decode(message.body) }

    private func group(_ tasks: [Signature], options: JSONObject = [:]) -> Signature {
        Signature(task: "celery.group", kwargs: ["tasks": .array(tasks.map(SignatureCodec.json))], options: options, subtaskType: "group")
    }

    private func chain(_ tasks: [Signature], options: JSONObject = [:]) -> Signature {
        Signature(task: "celery.chain", kwargs: ["tasks": .array(tasks.map(SignatureCodec.json))], options: options, subtaskType: "chain")
    }

    /// Decodes a recording, and says what we would send after it.
    private func step(_ name: String, value: JSON, state: TaskState = .success) throws -> Canvas.FollowUps {
        let message = try TaskMessageDecoder().decode(Golden.message(name))
        return Canvas.followUps(
            after: message, arguments: try BodyCodec.decode(message.body),
            result: TaskResult(id: message.id, state: state, value: value), context: Self.context())
    }

    /// Compares with what Python's worker sent, but for what names the worker itself.
    private func expect(_ message: Message, equals name: String) throws {
        let recorded = try Golden.message(name)
        // The broker describes arguments as it sends them, without secrets.
        var message = message
        (message.argsRepr, message.kwargsRepr) = PythonRepr.texts(try BodyCodec.decode(message.body), Redaction())
        let sent = TaskMessageEncoder.encode(message)
        #expect(sent.routingKey == recorded.routingKey)
        #expect(sent.properties.correlationID == recorded.properties.correlationID)
        #expect(sent.properties.replyTo == recorded.properties.replyTo)
        // An empty chain and none are the same.
        #expect(String(decoding: sent.body, as: UTF8.self).replacing("\"chain\": []", with: "\"chain\": null")
            == String(decoding: recorded.body, as: UTF8.self).replacing("\"chain\": []", with: "\"chain\": null"))
        #expect(sent.headers.keys == recorded.headers.keys)
        for (key, value) in recorded.headers.members where !["origin", "ignore_result"].contains(key) {
            #expect(sent.headers[key] == value, "\(key)")
        }
    }

    @Test func `sends the steps of a chain as Python's worker did`() throws {
        let second = try step("canvas-chain-run-step1.json", value: 3)
        try expect(#require(second.messages.first), equals: "canvas-chain-run-step2.json")
        #expect(second.children == [[["b2f337f3-e4ee-4cd6-abbd-2854f83ee0c8", nil], nil]])
        let third = try step("canvas-chain-run-step2.json", value: 12)
        try expect(#require(third.messages.first), equals: "canvas-chain-run-step3.json")
        #expect(try step("canvas-chain-run-step3.json", value: 17) == Canvas.FollowUps())
    }

    @Test func `sends a callback as Python's worker did`() throws {
        let recorded = try Golden.message("canvas-link-callback-sent-by-worker.json")
        var signature = Signature(task: "proj.mul", args: [10])
        signature.options = ["task_id": "a711c2d3-364c-4f61-8429-44744bb72883", "reply_to": .string(recorded.properties.replyTo ?? "")]
        let message = Message(id: TaskID("6bc187d9-7713-4dbf-83a6-6ff8976cf6fe"), task: "proj.add", body: MessageBody(bytes: []))
        let sent = Canvas.followUps(
            after: message, arguments: TaskArguments(embed: .init(callbacks: [signature])),
            result: TaskResult(id: message.id, state: .success, value: 5))
        try expect(#require(sent.messages.first), equals: "canvas-link-callback-sent-by-worker.json")
    }

    @Test func `sends an errback as Python's worker did`() throws {
        let recorded = try Golden.message("canvas-errback-sent-by-worker.json")
        var signature = Signature(task: "proj.on_err")
        signature.options = [
            "task_id": "86914ff9-2ff3-45b9-8cba-ebac54e9078a", "reply_to": .string(recorded.properties.replyTo ?? ""),
            "group_id": "85ee566e-92c9-4440-a622-2c0e8aa5fcbf",
        ]
        let message = Message(id: TaskID("64efd519-f0d4-4b6f-91ea-3bcb0b5a8935"), task: "proj.boom", body: MessageBody(bytes: []))
        let sent = Canvas.followUps(
            after: message, arguments: TaskArguments(embed: .init(errbacks: [signature])),
            result: TaskResult(id: message.id, state: .failure))
        try expect(#require(sent.messages.first), equals: "canvas-errback-sent-by-worker.json")
    }

    @Test func `puts the value before the arguments, unless the signature is immutable`() throws {
        let one = followUps(.init(callbacks: [Signature(task: "a", args: [10], kwargs: ["k": 1])]), root: nil)
        #expect(try arguments(one.messages[0]) == TaskArguments(args: [5, 10], kwargs: ["k": 1]))
        #expect(one.messages[0].id == TaskID("new1"))
        #expect(one.messages[0].parentID == TaskID("self"))
        #expect(one.messages[0].rootID == TaskID("self"))
        #expect(one.messages[0].groupID == nil)
        #expect(one.messages[0].origin == "w@h")
        let immutable = followUps(.init(callbacks: [Signature(task: "a", args: ["fixed"], isImmutable: true)]))
        #expect(try arguments(immutable.messages[0]).args == ["fixed"])
        #expect(immutable.messages[0].rootID == TaskID("root"))
    }

    @Test func `sends several callbacks as one group`() throws {
        let sent = followUps(.init(callbacks: [Signature(task: "a"), Signature(task: "b", options: ["task_id": "B"])]))
        #expect(sent.messages.map(\.task) == ["a", "b"])
        #expect(sent.messages.map(\.groupID) == ["new1", "new1"])
        #expect(sent.messages.map(\.groupIndex) == [0, 1])
        #expect(try sent.messages.map { try arguments($0).args } == [[5], [5]])
        #expect(sent.children == [[["new1", nil], [[["new2", nil], nil], [["B", nil], nil]]]])
    }

    @Test func `follows the options of a signature`() throws {
        let options: JSONObject = [
            "queue": "images", "priority": 7, "countdown": 30, "expires": 60, "time_limit": 10, "soft_time_limit": 5.5,
            "shadow": "s", "ignore_result": true, "headers": ["x": 1], "stamped_headers": ["who"], "who": "me",
            "link": ["task": "then"], "link_error": [["task": "else"]], "parent_id": "other", "root_id": nil,
        ]
        let message = try #require(followUps(.init(callbacks: [Signature(task: "a", options: options)])).messages.first)
        #expect(message.route == Route(queue: "images"))
        #expect(message.priority == 7)
        #expect(message.eta == Timestamp(seconds: 1_030))
        #expect(message.expires == Timestamp(seconds: 1_060))
        #expect(message.hardTimeLimit == 10)
        #expect(message.softTimeLimit == 5.5)
        #expect(message.shadow == "s")
        #expect(message.ignoreResult == true)
        #expect(message.headers == ["x": 1, "stamped_headers": ["who"], "stamps": ["who": "me"]])
        #expect(message.parentID == TaskID("self"))
        #expect(message.rootID == TaskID("root"))
        let embed = try arguments(message).embed
        #expect(embed == .init(callbacks: [Signature(task: "then")], errbacks: [Signature(task: "else")]))
        let routed = Signature(task: "a", options: ["exchange": "x", "routing_key": "k", "eta": ["__type__": "datetime", "__value__": "1970-01-01T00:00:09"]])
        let other = try #require(followUps(.init(callbacks: [routed])).messages.first)
        #expect(other.route.exchange == "x")
        #expect(other.route.routingKey == "k")
        #expect(other.eta == Timestamp(seconds: 9))
        // Without an exchange a routing key is a queue, and gives way to one that is named.
        let keyed = followUps(.init(callbacks: [Signature(task: "a", options: ["routing_key": "k"])]))
        #expect(keyed.messages.map(\.route) == [Route(queue: "k")])
        let both = followUps(.init(callbacks: [Signature(task: "a", options: ["routing_key": "k", "queue": "q"])]))
        #expect(both.messages.map(\.route) == [Route(queue: "q")])
    }

    @Test(arguments: [(1e300, 1e9), (-1e300, -1e9), (3e9, 1e9)])
    func `a number of seconds that no clock can be asked for is the nearest that one can`(_ seconds: Double, _ expected: Double) throws {
        let signature = Signature(task: "a", options: ["countdown": .double(seconds), "expires": .double(seconds)])
        let message = try #require(followUps(.init(callbacks: [signature])).messages.first)
        #expect(message.eta == Timestamp(seconds: 1_000 + expected))
        #expect(message.expires == Timestamp(seconds: 1_000 + expected))
    }

    @Test func `sends nothing after a signature that makes no sense, and says so`() {
        let sent = followUps(.init(callbacks: [Signature(task: "a", options: ["eta": "soon"])]))
        #expect(sent.messages.isEmpty)
        #expect(sent.unsupported == ["a is not sent: the eta of the signature of a is not a time"])
        #expect(followUps(.init(callbacks: [Signature(task: "a", options: ["link": [5]])])).unsupported.count == 1)
    }

    @Test func `sends a group in a callback, groups within it flattened`() throws {
        let inner = group([Signature(task: "b"), chain([Signature(task: "c"), Signature(task: "d", options: ["task_id": "D"])])])
        let sent = followUps(.init(callbacks: [group([Signature(task: "a"), inner], options: ["task_id": "G", "queue": "q"])]))
        #expect(sent.messages.map(\.task) == ["a", "b", "c"])
        #expect(sent.messages.map(\.groupID) == ["G", "G", nil])
        #expect(sent.messages.map(\.route.queue) == ["q", "q", "q"])
        #expect(try sent.messages.map { try arguments($0).args } == [[5], [5], [5]])
        // The group waits for the last step of a chain in it.
        let rest = try arguments(sent.messages[2]).embed.chain
        #expect(rest.map(\.task) == ["d"])
        #expect(rest[0].options["group_id"] == "G")
        #expect(rest[0].options["group_index"] == 2)
        let id = sent.messages[2].id.text
        #expect(sent.children == [[["G", nil], [
            [[.string(sent.messages[0].id.text), nil], nil], [[.string(sent.messages[1].id.text), nil], nil],
            [["D", [[.string(id), nil], nil]], nil],
        ]]])
    }

    @Test func `puts the steps of a chain within a chain before the others`() throws {
        let next = chain([Signature(task: "b", args: [1]), chain([Signature(task: "c"), Signature(task: "d")])], options: ["task_id": "last", "link_error": ["task": "e"]])
        let sent = followUps(.init(chain: [Signature(task: "z"), next]))
        #expect(sent.messages.map(\.task) == ["b"])
        let first = try arguments(sent.messages[0])
        #expect(first.args == [5, 1])
        #expect(first.embed.chain.map(\.task) == ["z", "d", "c"])
        #expect(first.embed.chain.map { $0.options["task_id"] } == [nil, "last", "new2"])
        #expect(first.embed.errbacks == [Signature(task: "e")])
        #expect(first.embed.chain[1].options["link_error"] == [["task": "e"]])
    }

    @Test func `sends a group that ends a chain`() {
        let last = followUps(.init(chain: [group([Signature(task: "a"), Signature(task: "b")])]))
        #expect(last.messages.map(\.task) == ["a", "b"])
    }

    @Test func `reports what only Python can take apart`() {
        let chunks = followUps(.init(callbacks: [Signature(task: "celery.chunks")]))
        #expect(chunks.unsupported == ["chunks is not sent: celery.chunks"])
        let map = followUps(.init(callbacks: [Signature(task: "celery.map", kwargs: ["it": []], isImmutable: true)]))
        #expect(map.messages.map(\.task) == ["celery.map"])
    }

    @Test func `passes a failure on to the rest of the chain`() throws {
        let chained = try step("canvas-chain-run-step1.json", value: nil, state: .failure)
        #expect(chained.heirs.map(\.id.text) == ["b2f337f3-e4ee-4cd6-abbd-2854f83ee0c8", "31c9a4a0-5307-40b5-9325-cc1086b2bf3b"])
        #expect(chained.heirs.map(\.replyTo) == ["1816999b-fb1e-30ba-88f0-e4de8c581de0", "1816999b-fb1e-30ba-88f0-e4de8c581de0"])
        #expect(chained.messages.isEmpty)
        let chord = try step("canvas-chain-with-embedded-chord.json", value: nil, state: .failure)
        #expect(chord.heirs.map(\.id.text) == ["3d3abc73-282c-42fd-a68d-9f96a2af03f4", "02f91c6c-6f77-411d-a091-503562db30b1"])
    }

    @Test func `sends errbacks the failed id, and no callbacks`() throws {
        let embed = TaskArguments.Embed(callbacks: [Signature(task: "ok")], errbacks: [Signature(task: "bad", args: ["x"]), Signature(task: "worse", isImmutable: true)])
        let sent = followUps(embed, state: .failure)
        #expect(sent.messages.map(\.task) == ["bad", "worse"])
        #expect(try sent.messages.map { try arguments($0).args } == [["self", "x"], []])
        #expect(Set(sent.messages.map(\.groupID)).count == 1)
    }

    @Test func `sends nothing after a retry or a revocation`() {
        let embed = TaskArguments.Embed(callbacks: [Signature(task: "a")], errbacks: [Signature(task: "b")], chain: [Signature(task: "c")])
        for state in [TaskState.retry, .revoked, .started, .custom("PROGRESS")] {
            #expect(followUps(embed, state: state) == Canvas.FollowUps())
        }
    }
}
