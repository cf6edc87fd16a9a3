import CeleryCore
import Testing

@testable import Client

/// What workers tell of the tasks that they hold, in the form of Python's.
struct HeldTasksTests {
    private let held = HeldTasks(asked: Timestamp(seconds: 2_000_000_000))

    private func request(_ id: String = "i", _ args: JSON = [1, "x"]) -> JSON {
        [
            "id": .string(id), "name": "t", "args": args, "kwargs": ["k": "v"], "time_start": 1_900_000_000.5,
            "delivery_info": ["routing_key": "q", "redelivered": true],
        ]
    }

    private static func text(_ text: String) -> TaskFilter {
        var filter = TaskFilter()
        filter.text = text
        return filter
    }

    @Test func `a running task has its beginning, its queue, its worker and its arguments`() throws {
        let task = try #require(held.tasks("active", [request()], of: "w@h").first)
        #expect(task.phase == .started && task.task == "t" && task.queue == "q")
        #expect(task.location?.worker == "w@h" && task.location?.attempt == 2)
        #expect(task.location?.started == Timestamp(seconds: 1_900_000_000.5) && task.changed == task.location?.started)
        #expect(task.arguments == TaskArguments(args: [1, "x"], kwargs: ["k": "v"]) && task.request == nil)
        #expect(task.tells(textOf: Self.text("x")) && task.tells(textOf: Self.text("k=v")) && !task.tells(textOf: Self.text("z")))
        var hiding = Self.text("v")
        hiding.redaction = Redaction(["k"])
        #expect(!task.tells(textOf: hiding))
    }

    @Test func `a task that was taken and has not begun is queued or scheduled`() throws {
        let queued = try #require(held.tasks("reserved", [request()], of: "w@h").first)
        #expect(queued.phase == .queued && queued.location?.started == nil && queued.location?.state == .pending)
        let scheduled = try #require(
            held.tasks("scheduled", [["eta": "2033-05-18T03:33:20+00:00", "priority": 6, "request": request()]], of: "w@h").first)
        #expect(scheduled.phase == .scheduled && scheduled.location?.eta == Timestamp(seconds: 2_000_000_000))
        #expect(scheduled.changed == Timestamp(seconds: 2_000_000_000), "nobody knows when it was submitted")
    }

    @Test func `an id of our clients tells when the task was submitted`() throws {
        let task = try #require(held.tasks("reserved", [request("018bcfe5-6800-7abc-8000-000000000000")], of: "w@h").first)
        #expect(task.submitted == Timestamp(seconds: 1_700_000_000) && task.changed == task.submitted)
        for id in ["018bcfe5-6800-4abc-8000-000000000000", "ffffffff-ffff-7abc-8000-000000000000", "018bcfe568007abc8000000000000000", ""] {
            #expect(held.tasks("reserved", [request(id)], of: "w@h").first?.submitted == nil, "\(id)")
        }
    }

    @Test func `arguments that are left out, or are texts, are none`() {
        #expect(held.tasks("active", [request("i", nil), request("j", "(1,)")], of: "w").allSatisfy { $0.arguments == nil && !$0.tells(textOf: Self.text("1")) })
    }

    @Test(arguments: [nil, 5, "x", [1, nil, [:], ["id": 7]], ["id": "i"], [["request": ["id": []]]]] as [JSON])
    func `an answer that is none tells nothing`(answer: JSON) {
        for method in ["active", "reserved", "scheduled"] { #expect(held.tasks(method, answer, of: "w").isEmpty) }
    }

    @Test func `a task that is to be retried is not merely scheduled`() throws {
        let scheduled = try #require(held.tasks("scheduled", [["request": request()]], of: "w@h").first)
        var stored = ListedTask(id: scheduled.id, phase: .retry, changed: Timestamp(seconds: 1), position: 1)
        stored.result = TaskResult(id: scheduled.id, state: .retry)
        #expect(scheduled.joined(with: stored).phase == .retry)
        #expect(try #require(held.tasks("active", [request()], of: "w").first).joined(with: stored).phase == .started)
    }
}
