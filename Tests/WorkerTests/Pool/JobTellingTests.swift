import CeleryCore
import Fixtures
import Processes
import Synchronization
import Tasks
import Testing
import Wire
@testable import Worker

/// What becomes of a program that says more than an exit status, and what it reads.
@Suite struct JobTellingTests {
    private struct Told {
        var report: JobReport
        var news: [JSONObject]
        var log: [LogLine]
    }

    /// Runs a shell script as a task. `$S` is the descriptor of the channel.
    private func run(
        _ script: String, retry: RetryPlan = RetryPlan(isLeft: true, delay: 180), hardLimit: Double? = nil,
        _ change: (inout Message) -> Void = { _ in }
    ) async throws -> Told {
        let folder = TemporaryFolder()
        let program = try folder.program("p", "#!/bin/bash\nS=$CELERY_SELF_FD\n\(script)\n")
        var message = Message(id: TaskID("id"), task: "p", body: BodyCodec.encode(TaskArguments()))
        change(&message)
        var job = JobRequest(
            tag: 5, attempt: 1, message: EncodedMessage(message), taskName: "p", taskID: "id", program: program, softTimeLimit: nil,
            hardTimeLimit: hardLimit, maxOutputBytes: 1 << 20, retry: retry)
        job.attempt = 2
        let news = Mutex<[JSONObject]>([])
        let log = Mutex<[LogLine]>([])
        var runner = JobRunner(registry: TaskRegistry(), environment: Environment(["PATH": "/usr/bin:/bin"])) { line in
            log.withLock { $0.append(line) }
        }
        runner.tell = { tag, info in
            #expect(tag == 5)
            news.withLock { $0.append(info) }
        }
        let report = await runner.run(job)
        return Told(report: report, news: news.withLock { $0 }, log: log.withLock { $0 })
    }

    @Test func `progress is passed on while it runs, notes are reported at its end`() async throws {
        let told = try await run(
            """
            echo '{"progress": {"current": 1, "total": 2}}' >&$S
            echo '{"meta": {"rows": 7}}' >&$S
            sleep 0.6
            echo done
            """)
        #expect(told.report.ending == .success("done"))
        #expect(told.news.first?["current"] == 1)
        #expect(told.news.last == ["current": 1, "total": 2, "rows": 7])
        #expect((1...2).contains(told.news.count))
        #expect(told.report.meta == ["rows": 7])
        #expect(told.log.isEmpty)
    }

    @Test func `a program that says much is not held up, and heard a few times a second`() async throws {
        let told = try await run(
            """
            for n in $(seq 1 1500); do echo "{\\"progress\\": {\\"current\\": $n}}" >&$S; done
            sleep 0.4
            echo done
            """)
        #expect(told.report.ending == .success("done"))
        #expect(told.news.last == ["current": 1500])
        #expect(Double(told.news.count) <= told.report.duration * 4 + 1)
    }

    @Test func `a failure has the type that the program names, whatever its exit status`() async throws {
        let failure = TaskFailure(type: "SoldOut", arguments: ["no more"], module: "celery.programs")
        for status in [0, 1, 75] {
            let told = try await run(
                """
                echo '{"fail": {"type": "SoldOut", "message": "no more"}}' >&$S
                exit \(status)
                """)
            #expect(told.report.ending == .failure(failure, traceback: nil))
        }
        var plan = RetryPlan(isLeft: true, delay: 10)
        plan.causes = ["SoldOut"]
        let told = try await run(#"echo '{"fail": {"type": "SoldOut", "message": "no more"}}' >&$S"#, retry: plan)
        #expect(told.report.ending == .retry(delay: 10, failure, traceback: nil))
    }

    @Test func `a retry is asked for with its delay and reason`() async throws {
        let ask = #"echo '{"retry": {"in": 300, "reason": "closed"}}' >&$S; exit 1"#
        let failure = TaskFailure(type: "MaxRetriesExceededError", arguments: ["closed"])
        #expect(try await run(ask).report.ending == .retry(delay: 300, failure, traceback: nil))
        #expect(try await run(#"echo '{"retry": {}}' >&$S"#).report.ending
            == .retry(delay: 180, TaskFailure(type: "MaxRetriesExceededError", arguments: ["can't retry p[id]"]), traceback: nil))
        #expect(try await run(ask, retry: RetryPlan(isLeft: false)).report.ending == .failure(failure, traceback: nil))
    }

    @Test func `one that is killed ends as it would have without`() async throws {
        let killed = try await run(#"echo '{"retry": {}}' >&$S; kill -9 $$"#)
        #expect(killed.report.ending == .failure(.signaled(9, task: "p"), traceback: nil))
        let late = try await run(#"echo '{"fail": {"type": "E"}}' >&$S; sleep 60"#, hardLimit: 0.5)
        #expect(late.report.ending == .failure(.timeLimitExceeded(0.5), traceback: nil))
    }

    @Test func `what cannot be read is in the log, and changes nothing`() async throws {
        let told = try await run("for n in $(seq 9); do echo 30% >&$S; done; echo fine")
        #expect(told.report.ending == .success("fine"))
        let text = "what it wrote to descriptor 7 is ignored: a line is not a JSON object"
        #expect(told.log == Array(repeating: LogLine(taskID: "id", taskName: "p", level: "warning", text: text), count: 3))
    }

    @Test func `a program has no other descriptors of ours than the channel`() async throws {
        let told = try await run("ls /proc/self/fd | tr '\\n' ' '")
        // 3 is the folder that ls reads.
        #expect(told.report.ending == .success("0 1 2 3 7 "))
    }

    @Test func `a full pipe does not block the program`() async throws {
        // The worker's child is stopped, so that nobody reads. Here: a pipe like the channel, that nobody reads.
        let pipe = try Pipe()
        try pipe.writeEnd.setNonBlocking()
        var spawn = Spawn(
            "/bin/bash", arguments: ["bash", "-c", "while printf '%04096d' 1 >&7; do :; done 2>/dev/null; exit 5"], environment: .current())
        spawn.inherited = [7: pipe.writeEnd]
        #expect(try spawn.start().wait().status == .exited(5))
    }

    @Test func `the request has what Python's has`() async throws {
        let told = try await run("cat") { message in
            message.priority = 3
            message.groupID = "g"
            message.groupIndex = 2
            message.headers = ["mine": 1, "stamped_headers": ["s"], "stamps": ["s": "x"]]
            message.hardTimeLimit = 60
            message.replyTo = "r"
            message.route = Route(queue: "q")
            message.body = BodyCodec.encode(
                TaskArguments(args: [1], embed: .init(callbacks: [Signature(task: "next")], chord: Signature(task: "body"))))
        }
        guard case .success(let request) = told.report.ending else {
            Issue.record("failed")
            return
        }
        #expect(request["delivery_info"] == ["exchange": "", "routing_key": "q", "priority": 3, "redelivered": true])
        #expect(request["group"] == "g" && request["group_id"] == "g" && request["group_index"] == 2)
        #expect(request["properties"]?["priority"] == 3 && request["properties"]?["reply_to"] == "r")
        #expect(request["properties"]?["correlation_id"] == "id" && request["properties"]?["content_type"] == "application/json")
        #expect(request["reply_to"] == "r" && request["correlation_id"] == "id")
        #expect(request["headers"]?["mine"] == 1)
        #expect(request["stamped_headers"] == ["s"] && request["stamps"] == ["s": "x"])
        #expect(request["callbacks"]?.arrayValue?.first?["task"] == "next" && request["chord"]?["task"] == "body")
        #expect(request["chain"] == .null && request["errbacks"] == .null)
    }
}
