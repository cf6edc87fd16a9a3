import CeleryCore
import Testing
import Wire
@testable import Worker

@Suite struct OutcomeBuilderTests {
    private let now = Timestamp(seconds: 1_000)

    private func builder(
        _ embed: TaskArguments.Embed = .init(), retries: Int = 1, _ change: (inout OutcomeBuilder) -> Void = { _ in }
    ) -> OutcomeBuilder {
        var message = Message(id: TaskID("id"), task: "t", body: BodyCodec.encode(TaskArguments(embed: embed)))
        message.groupID = "group"
        message.parentID = TaskID("parent")
        message.retries = retries
        message.route.queue = "q"
        let delivery = Delivery(handle: DeliveryHandle(tag: 7, attempt: 2), message: message)
        var builder = OutcomeBuilder(delivery: delivery, worker: "w", now: now)
        builder.started = Timestamp(seconds: 900)
        change(&builder)
        return builder
    }

    private func report(_ ending: JobReport.Ending, errors: String? = nil) -> JobReport {
        JobReport(tag: 7, ending: ending, duration: 1, errorOutput: errors)
    }

    @Test func `a success is a result and an acknowledgement`() throws {
        let outcome = builder().outcome(of: report(.success([1, 2]), errors: "hm\n"))
        var expected = TaskResult(id: TaskID("id"), state: .success, value: [1, 2])
        expected.dateDone = now
        expected.dateStarted = Timestamp(seconds: 900)
        expected.groupID = "group"
        expected.parentID = TaskID("parent")
        expected.task = "t"
        expected.worker = "w"
        expected.queue = "q"
        expected.retries = 1
        expected.attempt = 2
        expected.errorOutput = "hm\n"
        // For stores that keep it.
        expected.request = builder().delivery.message
        #expect(outcome.results == [expected])
        #expect(outcome.handle == DeliveryHandle(tag: 7, attempt: 2))
        #expect(outcome.disposition == .acknowledge)
        #expect(outcome.followUps.isEmpty)
    }

    @Test func `a success nobody wants leaves no result unless it was retried, a failure does`() throws {
        let first = builder(retries: 0) { $0.ignoresResult = true }
        #expect(first.outcome(of: report(.success(1))).results.isEmpty)
        // It ends what the retry has stored, without the value.
        let ignoring = builder { $0.ignoresResult = true }
        let end = try #require(ignoring.outcome(of: report(.success(1))).results.first)
        #expect(end.state == .success && end.value == .null && end.isIgnored)
        let failure = TaskFailure(type: "E", arguments: ["x"], module: "m")
        let result = ignoring.outcome(of: report(.failure(failure, traceback: "trace"))).results.first
        #expect(result?.failure == failure)
        #expect(result?.traceback == "trace")
        #expect(result?.dateDone == now)
    }

    @Test func `a retry is the next try, and a result that is not final`() throws {
        let cause = TaskFailure(type: "E", arguments: ["not yet"])
        let outcome = builder().outcome(of: report(.retry(delay: 2.5, cause, traceback: "trace")))
        let result = try #require(outcome.results.first)
        #expect(result.state == .retry)
        #expect(result.dateDone == nil)
        #expect(result.failure?.message == "Retry in 2.5s: not yet")
        guard case .retry(let again) = outcome.disposition else {
            Issue.record("not tried again")
            return
        }
        #expect(again.retries == 2)
        #expect(again.eta == Timestamp(seconds: 1_002.5))
        #expect(again.id == TaskID("id"))
    }

    @Test func `what can never run shares the failure`() {
        let chain = [
            Signature(task: "last", options: ["task_id": "c", "group_id": "g"]), Signature(task: "next", options: ["task_id": "b"]),
        ]
        let outcome = builder(.init(chain: chain)).outcome(.failure, failure: .notRegistered("t"))
        #expect(outcome.results.map(\.id.text) == ["id", "b", "c"])
        #expect(outcome.results.map(\.task) == ["t", "next", "last"])
        #expect(outcome.results.map(\.groupID) == ["group", nil, "g"])
        #expect(outcome.results.allSatisfy { $0.state == .failure && $0.failure == .notRegistered("t") })
        #expect(outcome.followUps.isEmpty)
    }

    @Test func `a member of a chord is one whether or not its result is kept, and a member that is tried again is not yet`() throws {
        let body = Signature(task: "sum", options: ["task_id": "body"])
        var report = JobReport(tag: 1, ending: .success(5), duration: 0)
        let membership = try #require(Canvas.memberships(
            after: builder(.init()).delivery.message, arguments: TaskArguments(embed: .init(chord: body)), state: .success).first)
        report.next.memberships = [membership]
        var builder = builder(.init(chord: body), retries: 0)
        builder.ignoresResult = true
        let outcome = builder.outcome(of: report)
        #expect(outcome.results.isEmpty)
        let part = try #require(outcome.chordParts.first)
        #expect(outcome.chordParts.count == 1 && part.group == "group" && part.body == body)
        #expect(part.result.id == TaskID("id") && part.result.value == 5 && part.result.state == .success)
        report.ending = .retry(delay: 1, TaskFailure(type: "E"), traceback: nil)
        #expect(builder.outcome(of: report).chordParts.isEmpty)
        #expect(builder.outcome(.revoked, failure: .revoked("expired")).chordParts.map(\.result.state) == [.revoked])
    }

    @Test func `errbacks follow what was never run`() throws {
        let errback = Signature(task: "mourn", options: ["task_id": "e"])
        let outcome = builder(.init(errbacks: [errback])).outcome(.failure, failure: .notRegistered("t"))
        #expect(outcome.followUps.map(\.task) == ["mourn"])
        #expect(try BodyCodec.decode(outcome.followUps[0].body).args == ["id"])
        #expect(outcome.results[0].children.count == 1)
        // What was revoked has not failed.
        #expect(builder(.init(errbacks: [errback])).outcome(.revoked, failure: .revoked("expired")).followUps.isEmpty)
    }
}
