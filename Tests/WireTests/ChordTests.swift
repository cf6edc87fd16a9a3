import CeleryCore
import Fixtures
import Synchronization
import Testing
@testable import Wire

@Suite struct ChordTests {
    /// Ids `new1`, `new2`, ... in the order they are asked for.
    private static func context() -> Canvas.Context {
        let counter = Mutex(0)
        return Canvas.Context(now: Timestamp(seconds: 1_000)) {
            counter.withLock { $0 += 1; return TaskID("new\($0)") }
        }
    }

    private func arguments(_ message: Message) throws -> TaskArguments { try BodyCodec.decode(message.body) }

    private func task(_ name: String, id: String? = nil, _ options: JSONObject = [:]) -> Signature {
        var options = options
        if let id { options["task_id"] = .string(id) }
        return Signature(task: name, options: options)
    }

    private func several(_ task: String, _ members: [Signature], id: String? = nil) -> Signature {
        Signature(
            task: "celery.\(task)", kwargs: ["tasks": .array(members.map(SignatureCodec.json))],
            options: id.map { ["task_id": .string($0)] } ?? [:], subtaskType: task)
    }

    private func chord(_ header: Signature, _ body: Signature, _ options: JSONObject = [:]) -> Signature {
        Signature(
            task: "celery.chord", kwargs: ["header": SignatureCodec.json(header), "body": SignatureCodec.json(body), "kwargs": [:]],
            options: options, subtaskType: "chord")
    }

    private var pair: Signature { several("group", [task("a", id: "A"), task("b", id: "B")], id: "G") }

    /// What follows a task that returned 5.
    private func followUps(_ chain: Signature...) -> Canvas.FollowUps {
        var message = Message(id: TaskID("self"), task: "t", body: MessageBody(bytes: []))
        message.rootID = TaskID("root")
        return Canvas.followUps(
            after: message, arguments: TaskArguments(embed: .init(chain: chain)),
            result: TaskResult(id: message.id, state: .success, value: 5), context: Self.context())
    }

    private func unlock(_ sent: Canvas.FollowUps) throws -> ChordUnlock {
        try ChordUnlock(arguments(#require(sent.messages.last { $0.task == ChordUnlock.task })))
    }

    // MARK: Sending

    @Test func `sends the chord of a chain as Python's worker would, but with an unlocking task in every store`() throws {
        let recorded = try TaskMessageDecoder().decode(Golden.message("canvas-chain-with-embedded-chord.json"))
        let sent = Canvas.followUps(
            after: recorded, arguments: try arguments(recorded),
            result: TaskResult(id: recorded.id, state: .success, value: 2), context: Self.context())
        let group = "3d3abc73-282c-42fd-a68d-9f96a2af03f4", body = "02f91c6c-6f77-411d-a091-503562db30b1"
        #expect(sent.unsupported == [])
        #expect(sent.messages.map(\.task) == ["proj.add", "proj.mul", "celery.chord_unlock"])
        #expect(sent.messages.map(\.id.text).prefix(2) == ["7c0bcdd6-a73c-49e6-b863-64c3a58c5cbb", "0382d788-e232-40d6-ac09-01e4ee86530f"])
        for (index, member) in sent.messages.prefix(2).enumerated() {
            #expect((member.groupID, member.groupIndex) == (group, index))
            #expect((member.parentID, member.rootID) == (recorded.id, recorded.id))
            #expect(try arguments(member).args == [2, 10])
            // Not counted, unlike by Python: where the store counts, the body would be sent twice.
            #expect(try arguments(member).embed.chord == nil)
        }
        let unlock = try self.unlock(sent)
        #expect(unlock.groupID == group)
        #expect(unlock.ids.map(\.text) == sent.messages.prefix(2).map(\.id.text))
        #expect(unlock.body.task == "proj.xsum")
        #expect(unlock.body.options["task_id"] == .string(body))
        #expect(unlock.body.options["group_id"] == .string(group))
        #expect(unlock.body.options["root_id"] == .string(recorded.id.text))
        #expect(unlock.body.options["parent_id"] == nil)
        let members: [JSON] = unlock.ids.map { [[.string($0.text), nil], nil] }
        #expect(sent.children == [[[.string(body), [[.string(group), nil], .array(members)]], nil]])
    }

    @Test func `the task that unlocks it is as Python sends it`() throws {
        let golden = try Golden.message("canvas-chord-unlock-task.json")
        let recorded = try TaskMessageDecoder().decode(golden)
        let read = try ChordUnlock(arguments(recorded))
        #expect(read.ids.map(\.text) == ["c4353f1a-16ba-4677-a699-c4a91c06ad49", "3df63b5c-ec77-4e81-adad-8b8d9a653a99"])
        #expect((read.interval, read.maxRetries) == (1, nil))
        let written = try ChordUnlock(
            groupID: read.groupID, body: read.body, members: read.ids.map { [[.string($0.text), nil], nil] }).signature
        let body = BodyCodec.encode(TaskArguments(args: written.args, kwargs: written.kwargs))
        #expect(String(decoding: body.bytes, as: UTF8.self) == String(decoding: golden.body, as: UTF8.self))

        let message = try #require(followUps(chord(pair, task("sum", id: "S"))).messages.last)
        #expect(message.eta == Timestamp(seconds: 1_001))
        #expect(message.ignoreResult == true)
        #expect((message.parentID, message.rootID) == (TaskID("self"), TaskID("root")))
        #expect(message.groupID == nil)
    }

    @Test func `steps after a group are the body of a chord, and what follows it`() throws {
        let sent = followUps(task("z", id: "Z"), task("y", id: "Y"), pair)
        #expect(sent.messages.map(\.task) == ["a", "b", "celery.chord_unlock"])
        let body = try unlock(sent).body
        #expect(body.task == "y")
        #expect(body.options["chain"] == [SignatureCodec.json(task("z", id: "Z"))])
        #expect(try arguments(sent.messages[0]).embed.chain == [])
        let done = try unlock(sent).followUps([1, 2], after: sent.messages[2], context: Self.context())
        #expect(done.messages.map(\.id) == [TaskID("Y")])
        #expect(try arguments(done.messages[0]).args == [[1, 2]])
        #expect(try arguments(done.messages[0]).embed.chain == [task("z", id: "Z")])
        #expect((done.messages[0].parentID, done.messages[0].rootID, done.messages[0].groupID) == (sent.messages[2].id, TaskID("root"), "G"))
    }

    @Test func `a group after a chord waits in its turn`() throws {
        let sent = followUps(task("z", id: "Z"), several("group", [task("c"), task("d")], id: "H"), task("y", id: "Y"), pair)
        let middle = try unlock(sent).followUps([1, 2], after: sent.messages[2], context: Self.context())
        let later = Canvas.followUps(
            after: middle.messages[0], arguments: try arguments(middle.messages[0]),
            result: TaskResult(id: middle.messages[0].id, state: .success, value: 3), context: Self.context())
        #expect(later.messages.map(\.task) == ["c", "d", "celery.chord_unlock"])
        #expect(try unlock(later).body.task == "z")
        #expect(try unlock(later).groupID == "H")
    }

    @Test func `waits for the last steps of chains and the bodies of chords in the header`() throws {
        let inner = chord(several("group", [task("c", id: "C")], id: "H"), task("d", id: "D"))
        let header = several("group", [several("chain", [task("a", id: "A"), task("b", id: "B")]), inner, task("e")], id: "G")
        let sent = followUps(chord(header, task("sum", id: "S")))
        #expect(sent.messages.map(\.task) == ["a", "c", "celery.chord_unlock", "e", "celery.chord_unlock"])
        #expect(try unlock(sent).ids.map(\.text) == ["B", "D", sent.messages[3].id.text])
        let innerBody = try ChordUnlock(arguments(sent.messages[2])).body
        #expect(innerBody.options["group_id"] == "G")
        #expect(innerBody.options["group_index"] == 1)
        #expect(innerBody.options["chord"] == nil)
        for message in sent.messages { #expect(try arguments(message).embed.chord == nil) }
    }

    @Test func `no member of a header is counted, wherever a Python client has said so`() throws {
        func counted(_ signature: Signature) -> Signature {
            var signature = signature
            signature.options["chord"] = SignatureCodec.json(task("sum", id: "S"))
            return signature
        }
        let inner = counted(chord(several("group", [task("c", id: "C")], id: "H"), counted(task("d", id: "D"))))
        let line = counted(several("chain", [task("a", id: "A"), counted(task("b", id: "B"))]))
        let header = several("group", [line, inner, counted(several("group", [counted(task("e", id: "E"))], id: "I"))], id: "G")
        let sent = followUps(chord(header, task("sum", id: "S")))
        #expect(sent.unsupported == [])
        for message in sent.messages {
            let arguments = try arguments(message)
            #expect(arguments.embed.chord == nil, "\(message.task)")
            for step in arguments.embed.chain { #expect(step.options["chord"] == nil, "\(message.task), \(step.task)") }
        }
        #expect(try ChordUnlock(arguments(sent.messages[2])).body.options["chord"] == nil)
    }

    @Test func `a body of any kind has its ids before it is sent`() throws {
        let chained = try unlock(followUps(chord(pair, several("chain", [task("x"), task("y")])))).body
        #expect(try SignatureCodec.signatures(chained.kwargs["tasks"]).map { $0.options["task_id"] != nil } == [true, true])
        let grouped = try unlock(followUps(chord(pair, several("group", [task("x"), several("group", [task("y")])])))).body
        #expect(try SignatureCodec.signatures(grouped.kwargs["tasks"]).map { $0.options["task_id"] != nil } == [true, true])
        let nested = try unlock(followUps(chord(pair, chord(pair, task("x"))))).body
        #expect(nested.kwargs["body"]?["options"]?["task_id"] != nil)
    }

    @Test func `options of the chord go to the body, what says when to the header`() throws {
        let sent = followUps(chord(
            pair, task("sum", id: "S", ["link": [SignatureCodec.json(task("own"))]]),
            ["task_id": "G", "countdown": 7, "priority": 3, "link": [SignatureCodec.json(task("l"))], "link_error": [SignatureCodec.json(task("e"))]]))
        #expect(sent.messages.map(\.eta?.seconds) == [1_007, 1_007, 1_001])
        #expect(sent.messages.map(\.priority) == [3, 3, 3])
        let body = try unlock(sent).body
        #expect(body.options["task_id"] == "S")
        #expect(body.options["link"]?.arrayValue?.map { $0["task"] } == ["own", "l"])
        #expect(body.options["link_error"]?.arrayValue?.map { $0["task"] } == ["e"])
        #expect(body.options["countdown"] == nil)
        #expect(try arguments(sent.messages[0]).embed.callbacks == [])
    }

    @Test func `an empty header sends the body at once`() throws {
        let sent = followUps(chord(several("group", []), task("sum", id: "S")))
        #expect(sent.messages.map(\.id) == [TaskID("S")])
        #expect(try arguments(sent.messages[0]).args == [[]])
    }

    @Test func `is not sent in part`() {
        let sent = followUps(chord(several("group", [task("a"), Signature(task: "celery.chunks", subtaskType: "chunks")]), task("sum")))
        #expect(sent.messages.isEmpty)
        #expect(sent.unsupported.last == "celery.chord is not sent: a member of the header cannot be sent")
        #expect(followUps(Signature(task: "celery.chord", subtaskType: "chord")).unsupported == ["celery.chord is not sent: a chord has no body"])
    }

    // MARK: Waiting

    private func unlocking(_ body: Signature, _ members: [JSON], _ more: JSONObject = [:]) throws -> ChordUnlock {
        var kwargs: JSONObject = ["result": .array(members)]
        for (name, value) in more.members { kwargs[name] = value }
        return try ChordUnlock(TaskArguments(args: ["G", SignatureCodec.json(body)], kwargs: kwargs))
    }

    private func results(_ states: [(String, TaskState, JSON)]) -> [TaskID: TaskResult] {
        var results: [TaskID: TaskResult] = [:]
        for (id, state, value) in states { results[TaskID(id)] = TaskResult(id: TaskID(id), state: state, value: value) }
        return results
    }

    @Test func `waits for all, and has the values in their order`() throws {
        let members: [JSON] = [[["A", nil], nil], ["B", nil], [["H", nil], [[["C", ["A", nil]], nil], [["D", nil], nil]]]]
        let unlock = try unlocking(task("sum"), members)
        #expect(unlock.ids.map(\.text) == ["A", "B", "C", "D"])
        #expect(unlock.look(at: results([("A", .success, 1), ("B", .failure, nil), ("C", .success, 3)])) == .unready)
        #expect(unlock.look(at: results([("A", .success, 1), ("B", .retry, nil), ("C", .success, 3), ("D", .success, 4)])) == .unready)
        #expect(unlock.look(at: results([("D", .success, 4), ("A", .success, 1), ("B", .success, nil), ("C", .success, 3)])) == .ready([1, nil, [3, 4]]))
        #expect(try unlocking(task("sum"), []).look(at: [:]) == .ready([]))
    }

    @Test func `the first that failed or was revoked is the reason`() throws {
        let unlock = try unlocking(task("sum"), [["A", nil], ["B", nil], ["C", nil]])
        var all = results([("A", .success, 1), ("B", .revoked, nil), ("C", .failure, nil)])
        all[TaskID("B")]?.failure = .revoked("expired")
        #expect(unlock.look(at: all) == .failed(TaskID("B"), .revoked("expired")))
        #expect(ChordUnlock.reason(TaskID("B"), .revoked("expired")) == "Dependency B raised TaskRevokedError('expired')")
        #expect(ChordUnlock.reason(TaskID("B"), .exited(status: 3, task: "t")) == "Dependency B raised CalledProcessError(3, 't')")
    }

    @Test func `takes intervals and limits from the sender, and refuses what it cannot read`() throws {
        let unlock = try unlocking(task("sum"), [], ["interval": 0.5, "max_retries": 4])
        #expect((unlock.interval, unlock.maxRetries) == (0.5, 4))
        #expect(try unlocking(task("sum"), [], ["interval": 0]).interval == 0.1)
        #expect(try unlocking(task("sum"), [], ["interval": 1e300]).interval == 1e9)
        for args: [JSON] in [[], ["G"], ["G", 1], ["G", ["task": "sum"]], ["G", ["task": "sum"], nil, nil, [[]]], ["G", ["task": "sum"], nil, nil, [[nil, nil]]]] {
            #expect(throws: InvalidSignature.self) { try ChordUnlock(TaskArguments(args: args)) }
        }
    }

    // MARK: Failing

    private func failing(_ body: Signature) throws -> (next: Canvas.FollowUps, failure: TaskFailure) {
        var message = Message(id: TaskID("U"), task: ChordUnlock.task, body: MessageBody(bytes: []))
        message.rootID = TaskID("root")
        return try unlocking(body, []).followUps(failing: "because", cause: .revoked("expired"), after: message, context: Self.context())
    }

    @Test func `the body, and what comes after it, share the failure; its errbacks are sent its id`() throws {
        let rest = [task("z", id: "Z"), chord(pair, task("y", id: "Y"), ["task_id": "G"])]
        let body = task("sum", id: "S", [
            "reply_to": "R", "chain": .array(rest.map(SignatureCodec.json)), "link": SignatureCodec.json(task("never")),
            "link_error": [SignatureCodec.json(task("e")), SignatureCodec.json(task("f"))],
        ])
        let (next, failure) = try failing(body)
        #expect(failure == TaskFailure(type: "ChordError", arguments: ["because"]))
        #expect(next.heirs.map(\.id.text) == ["S", "G", "Y", "Z"])
        #expect(next.heirs[0].replyTo == "R")
        #expect(next.messages.map(\.task) == ["e", "f"])
        #expect(try next.messages.map { try arguments($0).args } == [["S"], ["S"]])
        #expect(next.messages.allSatisfy { $0.parentID == TaskID("S") && $0.rootID == TaskID("root") })
    }

    @Test func `bodies that are chains, groups and chords fail in all their parts`() throws {
        let errback = SignatureCodec.json(task("e"))
        let chain = try failing(several("chain", [task("x", id: "X", ["link_error": [errback]]), task("y", id: "Y")]))
        #expect(chain.next.heirs.map(\.id.text) == ["X", "Y"])
        #expect(try chain.next.messages.map { try arguments($0).args } == [["Y"]])
        let group = try failing(several("group", [task("x", id: "X", ["link_error": [errback]]), task("y", id: "Y", ["link_error": errback])], id: "H"))
        #expect(group.next.heirs.map(\.id.text) == ["H", "X", "Y"])
        #expect(try group.next.messages.map { try arguments($0).args } == [["X"], ["Y"]])
        #expect(group.failure == .revoked("expired"))
        let nested = try failing(chord(pair, task("y", id: "Y", ["link_error": [errback]])))
        #expect(nested.next.heirs.map(\.id.text) == ["Y"])
        #expect(try nested.next.messages.map { try arguments($0).args } == [["Y"]])
    }
}
