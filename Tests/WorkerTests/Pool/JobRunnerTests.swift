import CeleryCore
import Fixtures
import Glibc
import Processes
import Synchronization
import Tasks
import Testing
import Wire
@testable import Worker

/// What a pool child does with a job, done in this process.
@Suite struct JobRunnerTests {
    private struct Ask: CeleryTask {
        static let name = "ask"
        var delay: Double?
        var cause: String?

        func run(_ context: TaskContext) async throws -> Int {
            throw context.retry(
                in: delay.map { .seconds($0) }, because: cause.map { TaskFailure(type: "Cause", arguments: [.string($0)], module: "m") })
        }
    }

    private struct Double_: CeleryTask {
        static let name = "double"
        var x: Int
        func run(_ context: TaskContext) async throws -> Int { 2 * x }
    }

    private func run(
        _ task: String, _ arguments: TaskArguments = TaskArguments(), program: String? = nil, mayRetry: Bool = true,
        retry: RetryPlan? = nil, random: Double = 0.5, said: OptionValues = OptionValues(), _ change: (inout Message) -> Void = { _ in }
    ) async throws -> JobReport {
        var registry = TaskRegistry()
        try registry.register(TaskDefinition(Ask.self))
        try registry.register(TaskDefinition(Double_.self))
        var message = Message(id: TaskID("id"), task: task, body: BodyCodec.encode(arguments))
        change(&message)
        var job = JobRequest(
            tag: 5, attempt: 1, message: EncodedMessage(message), taskName: task, taskID: "id", program: program,
            softTimeLimit: nil, hardTimeLimit: nil, maxOutputBytes: 100, retry: retry ?? RetryPlan(isLeft: mayRetry, delay: 180))
        job.said = said
        var runner = JobRunner(registry: registry, environment: Environment()) { _ in }
        runner.now = { Timestamp(seconds: 1_000) }
        runner.random = { random }
        let report = await runner.run(job)
        #expect(report.tag == 5)
        #expect(report.duration >= 0)
        return report
    }

    @Test func `runs a Swift task, and says what follows`() async throws {
        let link = Signature(task: "next", options: ["task_id": "n"])
        let report = try await run("double", TaskArguments(args: [21], embed: .init(callbacks: [link])))
        #expect(report.ending == .success(42))
        #expect(try report.next.messages.map { try $0.message().task } == ["next"])
    }

    @Test func `a program runs at its niceness, and its children do, unless the worker is nicer`() async throws {
        let own = Int64(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0))
        for (nice, expected) in [(nil, own), (0, own), (7, max(own, 7)), (19, 19)] as [(JSON?, Int64)] {
            let said = nice.map { OptionValues(json: ["nice": $0]) } ?? OptionValues()
            let report = try await run("t", TaskArguments(args: ["-c", "sh -c nice"]), program: "/bin/sh", said: said)
            #expect(report.ending == .success(.int(expected)))
        }
        // The thread that runs tasks is as nice as before.
        #expect(Int64(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)) == own)
    }

    @Test func `a retry waits as long as the task says, else as long as its options say`() async throws {
        let exhausted = TaskFailure(type: "MaxRetriesExceededError", arguments: ["can't retry ask[id]"])
        #expect(try await run("ask").ending == .retry(delay: 180, exhausted, traceback: nil))
        let cause = TaskFailure(type: "Cause", arguments: ["x"], module: "m")
        #expect(try await run("ask", TaskArguments(args: [0.5, "x"])).ending == .retry(delay: 0.5, cause, traceback: nil))
    }

    @Test func `without retries left it fails of the cause`() async throws {
        let exhausted = TaskFailure(type: "MaxRetriesExceededError", arguments: ["can't retry ask[id]"])
        #expect(try await run("ask", mayRetry: false).ending == .failure(exhausted, traceback: nil))
        let errback = Signature(task: "mourn", options: ["task_id": "n"])
        let report = try await run("ask", TaskArguments(kwargs: ["cause": "x"], embed: .init(errbacks: [errback])), mayRetry: false)
        #expect(report.ending == .failure(TaskFailure(type: "Cause", arguments: ["x"], module: "m"), traceback: nil))
        #expect(report.next.messages.count == 1)
    }

    /// A plan with retries left.
    private func plan(_ causes: [RetryCause], until: Double? = nil, growsFrom: Double? = nil, retries: Int = 0) -> RetryPlan {
        var plan = RetryPlan(isLeft: true, delay: growsFrom ?? 10)
        plan.causes = causes
        plan.until = until.map { Timestamp(seconds: $0) }
        plan.growth = growsFrom.map { _ in RetryPlan.Growth(maximum: 60, isJittered: true, retries: retries) }
        return plan
    }

    private static let seven = TaskFailure.exited(status: 7, task: "p")

    private func exit(_ status: Int, _ plan: RetryPlan, random: Double = 0.5) async throws -> JobReport.Ending {
        let folder = TemporaryFolder()
        let program = try folder.program("p", "#!/bin/sh\nexit \(status)\n")
        return try await run("p", program: program, retry: plan, random: random).ending
    }

    @Test func `what it fails of may be tried again without asking`() async throws {
        #expect(try await exit(7, plan([1, 7])) == .retry(delay: 10, Self.seven, traceback: nil))
        #expect(try await exit(7, plan([1])) == .failure(Self.seven, traceback: nil))
        #expect(try await exit(0, plan(["any"])) == .success(""))
        var spent = plan(["any"])
        spent.isLeft = false
        #expect(try await exit(7, spent) == .failure(Self.seven, traceback: nil))
    }

    @Test func `waits that grow hold for what asks and for what does not`() async throws {
        let growing = plan([7], growsFrom: 2, retries: 3)
        #expect(try await exit(7, growing, random: 0.25) == .retry(delay: 4, Self.seven, traceback: nil))
        #expect(try await exit(75, growing, random: 1) == .retry(delay: 16, .exited(status: 75, task: "p"), traceback: nil))
        // But who says how long to wait is heard.
        let cause = TaskFailure(type: "Cause", arguments: ["x"], module: "m")
        #expect(try await run("ask", TaskArguments(args: [0.5, "x"]), retry: growing).ending == .retry(delay: 0.5, cause, traceback: nil))
    }

    @Test func `no try begins after the end of the tries`() async throws {
        #expect(try await exit(7, plan([7], until: 1_010)) == .retry(delay: 10, Self.seven, traceback: nil))
        #expect(try await exit(7, plan([7], until: 1_009.9)) == .failure(Self.seven, traceback: nil))
        #expect(try await exit(75, plan([], until: 1_009.9)) == .failure(.exited(status: 75, task: "p"), traceback: nil))
    }

    @Test func `what cannot be read is not tried again`() async throws {
        guard case .failure = try await run("double", retry: plan(["any"]), { $0.body.bytes = Array("{".utf8) }).ending else {
            Issue.record("is tried again")
            return
        }
    }

    @Test func `fails on what it cannot read or does not know`() async throws {
        #expect(try await run("unknown").ending == .failure(.notRegistered("unknown"), traceback: nil))
        let damaged = try await run("double") { $0.body.bytes = Array("{".utf8) }
        guard case .failure(let failure, _) = damaged.ending else {
            Issue.record("did not fail")
            return
        }
        #expect(failure.type == "InvalidTaskError")
        let pickled = try await run("double") { $0.body.contentType = "application/x-python-serialize" }
        #expect(
            pickled.ending
                == .failure(.invalidTask("content type is pickle, which is never read; send json"), traceback: nil))
    }

    @Test func `a program that is not there is a failure with its cause`() async throws {
        let report = try await run("p", program: "/no/such/program")
        let failure = TaskFailure(
            type: "OSError", arguments: [2, "cannot run /no/such/program: no such file or directory"], module: "builtins")
        #expect(report.ending == .failure(failure, traceback: nil))
        let odd = try await run("p", TaskArguments(args: ["a\u{0}b"]), program: "/bin/echo")
        guard case .failure(let failure, _) = odd.ending else {
            Issue.record("did not fail")
            return
        }
        #expect(failure.type == "OSError")
    }
}
