import CeleryCore
import Testing
import Wire

struct MessageAgainTests {
    private let now = Timestamp(seconds: 1_000)

    private func message(_ embed: TaskArguments.Embed = TaskArguments.Embed()) -> Message {
        var message = Message(
            id: TaskID("old"), task: "resize", body: BodyCodec.encode(TaskArguments(args: ["a.jpg"], kwargs: ["w": 2], embed: embed)))
        message.headers["batch"] = 7
        message.priority = 4
        return message
    }

    @Test func `keeps arguments, options and route, and names the old id`() throws {
        var old = message()
        old.route = Route(queue: "images", exchange: "x", routingKey: "k")
        (old.hardTimeLimit, old.rootID, old.parentID) = (30, TaskID("old"), TaskID("parent"))
        let new = try old.again(id: TaskID("new"), origin: "me", replyTo: "here", now: now)
        #expect(new.id == TaskID("new") && new.task == "resize" && new.body == old.body)
        #expect(new.headers["batch"] == 7 && new.headers[Message.repeatsHeader] == "old")
        #expect(new.priority == 4 && new.hardTimeLimit == 30 && new.origin == "me" && new.replyTo == "here")
        #expect(new.route == Route(queue: "images"))
        #expect(new.rootID == new.id && new.parentID == TaskID("parent"))
    }

    @Test func `drops what belonged to the earlier call alone`() throws {
        var old = message(TaskArguments.Embed(chord: Signature(task: "body", options: ["task_id": "body-1"])))
        (old.retries, old.eta, old.expires) = (3, Timestamp(seconds: 5), Timestamp(seconds: 999))
        (old.groupID, old.groupIndex, old.correlationID) = ("group", 2, "old")
        old.headers[Message.attemptsHeader] = 4
        old.headers["retry_until"] = "1970-01-01T00:10:00+00:00"
        let new = try old.again(origin: nil, replyTo: nil, now: now)
        #expect(new.retries == 0 && new.eta == nil && new.expires == nil)
        #expect(new.groupID == nil && new.groupIndex == nil && new.correlationID == nil)
        #expect(new.headers[Message.attemptsHeader] == nil && new.headers["retry_until"] == nil)
        #expect(try BodyCodec.decode(new.body) == TaskArguments(args: ["a.jpg"], kwargs: ["w": 2]))
    }

    @Test func `what still lies ahead stays`() throws {
        var old = message()
        old.expires = Timestamp(seconds: 2_000)
        old.headers["retry_until"] = "1970-01-01T01:00:00+00:00"
        let new = try old.again(origin: nil, replyTo: nil, now: now)
        #expect(new.expires == old.expires && new.headers["retry_until"] != nil)
    }

    @Test func `what follows gets new ids, the same one wherever the old one stood`() throws {
        let group = Signature(
            task: "celery.group", kwargs: ["tasks": [["task": "m", "kwargs": ["task_id": "data"], "options": ["task_id": "member", "group_id": "g"]]]],
            options: ["task_id": "g"], subtaskType: "group")
        let old = message(TaskArguments.Embed(
            callbacks: [Signature(task: "note", args: [["task_id": "data"]], options: ["task_id": "callback", "root_id": "old"])],
            chain: [group, Signature(task: "last", options: ["task_id": "step"])]))
        let new = try old.again(id: TaskID("new"), origin: nil, replyTo: nil, now: now)
        let embed = try BodyCodec.decode(new.body).embed
        let ids = embed.chain.map { $0.options["task_id"]?.stringValue } + embed.callbacks.map { $0.options["task_id"]?.stringValue }
        #expect(ids.allSatisfy { $0 != nil && !["g", "step", "callback"].contains($0!) } && Set(ids).count == 3)
        #expect(embed.callbacks[0].options["root_id"] == "new")
        // Arguments are the user's own, whatever they are called.
        #expect(embed.callbacks[0].args == [["task_id": "data"]])
        let member = embed.chain[0].kwargs["tasks"]?.arrayValue?.first?["options"]
        #expect(member?["group_id"] == embed.chain[0].options["task_id"])
        #expect(member?["task_id"] != "member")
        #expect(embed.chain[0].kwargs["tasks"]?.arrayValue?.first?["kwargs"] == ["task_id": "data"])
    }
}
