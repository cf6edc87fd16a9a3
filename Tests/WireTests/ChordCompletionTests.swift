import CeleryCore
import Testing
import Wire

@Suite struct ChordCompletionTests {
    private let body = Signature(
        task: "shop.tasks.sum", options: ["task_id": "body", "queue": "sums", "link_error": [["task": "shop.tasks.complain", "args": [], "kwargs": [:], "options": [:]]]])

    private func completion(_ results: [TaskResult], header: JSON? = nil) throws -> ChordCompletion {
        try ChordCompletion(
            ChordPart(group: "g", index: 1, result: TaskResult(id: TaskID("last"), state: .success), body: body, rootID: TaskID("root")),
            ChordResults(results: results, header: header))
    }

    private func result(_ id: String, _ value: JSON) -> TaskResult { TaskResult(id: TaskID(id), state: .success, value: value) }

    @Test func `the body gets the values in their order, as a task of the member that came last`() throws {
        guard case .send(let next) = try completion([result("a", 1), result("b", "two")]).next() else {
            Issue.record("it failed")
            return
        }
        let message = try #require(next.messages.first)
        #expect(next.messages.count == 1 && message.id == TaskID("body") && message.task == "shop.tasks.sum" && message.route.queue == "sums")
        #expect(try BodyCodec.decode(message.body).args == [[1, "two"]])
        #expect(message.parentID == TaskID("last") && message.rootID == TaskID("root"))
    }

    @Test func `values of groups in the header stay together, and chords in it are looked up`() throws {
        let header: JSON = [["g", nil], [[["a", nil], nil], [["h", nil], [[["b", nil], nil], [["c", nil], nil]]], [["inner", nil], nil]]]
        let completion = try completion([result("a", 1), result("b", 2), result("c", 3)], header: header)
        #expect(completion.uncounted == [TaskID("inner")])
        guard case .send(let next) = completion.next([TaskID("inner"): result("inner", 4)]), let message = next.messages.first else {
            Issue.record("it failed")
            return
        }
        #expect(try BodyCodec.decode(message.body).args == [[1, [2, 3], 4]])
        guard case .fail = completion.next() else {
            Issue.record("a result that is gone was taken for one")
            return
        }
    }

    @Test func `the first member that failed is the reason of the failure`() throws {
        var bad = TaskResult(id: TaskID("b"), state: .failure, failure: TaskFailure(type: "ValueError", arguments: ["bad"], module: "builtins"))
        bad.dateDone = Timestamp(seconds: 1)
        guard case .fail(let next, let failure) = try completion([result("a", 1), bad, result("c", 3)]).next() else {
            Issue.record("it was sent")
            return
        }
        #expect(failure == TaskFailure(type: "ChordError", arguments: ["Dependency b raised ValueError('bad')"]))
        #expect(next.heirs.map(\.id) == [TaskID("body")])
        #expect(next.messages.map(\.task) == ["shop.tasks.complain"])
    }

    @Test func `a task is a member until it has ended for good`() throws {
        var message = Message(id: TaskID("a"), task: "t", body: BodyCodec.encode(TaskArguments()))
        (message.groupID, message.groupIndex) = ("g", 3)
        var arguments = TaskArguments()
        arguments.embed.chord = body
        for (state, isEnd) in [(TaskState.success, true), (.failure, true), (.revoked, true), (.retry, false), (.started, false)] {
            let found = Canvas.memberships(after: message, arguments: arguments, state: state)
            #expect(found.map(\.id) == (isEnd ? [TaskID("a")] : []))
            #expect(found.allSatisfy { $0.group == "g" && $0.index == 3 && $0.body == body })
        }
    }

    @Test func `the later step of a chain that will never run ends its membership`() throws {
        let message = Message(id: TaskID("first"), task: "t", body: BodyCodec.encode(TaskArguments()))
        var arguments = TaskArguments()
        var last = Signature(task: "t", options: ["task_id": "last", "group_id": "g", "group_index": 1])
        last.options["chord"] = [
            "task": .string(body.task), "args": [], "kwargs": [:], "options": .object(body.options), "subtask_type": nil, "immutable": false,
        ]
        arguments.embed.chain = [last, Signature(task: "t", options: ["task_id": "second"])]
        #expect(Canvas.memberships(after: message, arguments: arguments, state: .success).isEmpty)
        let found = Canvas.memberships(after: message, arguments: arguments, state: .failure)
        #expect(found.map(\.id) == [TaskID("last")] && found.first?.group == "g" && found.first?.body.task == body.task)
        let copy = try #require(found.first.flatMap { Canvas.Membership(id: $0.id, group: $0.group, index: $0.index, encodedBody: $0.encodedBody) })
        #expect(copy == found.first)
        #expect(Canvas.Membership(id: TaskID("x"), group: "g", index: nil, encodedBody: Array("[]".utf8)) == nil)
    }
}
