import CeleryCore
import Testing
import Wire
@testable import Worker

@Suite struct RevocationsTests {
    private let now = Timestamp(seconds: 2e9)

    private func revocation(_ target: Revocation.Target, issued: Double = 0, life: Double = 100) -> Revocation {
        Revocation(target, issued: now + .seconds(issued), until: now + .seconds(life))
    }

    private func message(_ task: String = "t", id: String = "id") -> Message {
        Message(id: TaskID(id), task: task, body: BodyCodec.encode(TaskArguments()))
    }

    @Test func `knows an id until its time is over`() {
        var known = Revocations()
        #expect(known.isEmpty)
        known.add(revocation(.id(TaskID("id"))), now: now)
        #expect(!known.isEmpty)
        #expect(known.first(covering: message(), now: now) != nil)
        #expect(known.first(covering: message(id: "other"), now: now) == nil)
        #expect(known.ids(now: now) == [TaskID("id")])
        #expect(known.first(covering: message(), now: now + .seconds(100)) == nil)
        #expect(known.ids(now: now + .seconds(100)) == [])
    }

    @Test func `what is over already is not kept`() {
        var known = Revocations()
        known.add(revocation(.id(TaskID("id")), life: 0), now: now)
        known.add(revocation(.task("t"), life: -1), now: now)
        #expect(known.isEmpty)
    }

    @Test func `keeps no more than so many, the newest`() {
        var known = Revocations()
        for number in 0..<Revocations.idLimit + 10 { known.add(revocation(.id(TaskID("\(number)")), issued: Double(number) / 1e3), now: now) }
        #expect(known.ids(now: now).count == Revocations.idLimit)
        #expect(known.first(covering: message(id: "9"), now: now) == nil)
        #expect(known.first(covering: message(id: "10"), now: now) != nil)
        for number in 0..<Revocations.ruleLimit + 5 { known.add(revocation(.task("t\(number)")), now: now) }
        #expect(known.first(covering: message("t4"), now: now) == nil)
        #expect(known.first(covering: message("t5"), now: now) != nil)
    }

    @Test func `one that comes again and again takes no more room`() {
        var known = Revocations()
        for number in 0..<3 * Revocations.idLimit { known.add(revocation(.id(TaskID("id")), issued: Double(number)), now: now) }
        #expect(known.ids(now: now) == [TaskID("id")])
    }

    @Test func `a name or header is of what was submitted before, if the id tells`() {
        // Made at 2026-11-25, long before.
        let early = "01990000-0000-7000-8000-000000000000"
        let late = "01ffffff-ffff-7000-8000-000000000000"
        var known = Revocations()
        known.add(revocation(.task("t")), now: now)
        #expect(known.first(covering: message(id: early), now: now) != nil)
        #expect(known.first(covering: message(id: late), now: now) == nil)
        #expect(known.first(covering: message(id: "f0d3ab6a-7c1d-4d35-9a43-0e3cbd5d4a11"), now: now) != nil)
        #expect(known.first(covering: message("other", id: early), now: now) == nil)
    }

    @Test func `survives the way into a file and back`() {
        for target in [Revocation.Target.id(TaskID("x")), .task("größe"), .header("k", value: "v=w")] {
            var original = revocation(target)
            original.isTerminating = true
            original.signal = "INT"
            #expect(Revocation(json: original.json) == original)
        }
        for json: JSON in [[:], nil, ["id": "x"], ["issued": 1, "until": 2], ["issued": 1, "until": 2, "header": "x"]] {
            #expect(Revocation(json: json) == nil)
        }
    }
}
