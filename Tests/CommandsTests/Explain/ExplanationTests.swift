import CeleryCore
import Testing

@testable import Commands

/// From facts to why: a row a reason.
@Suite struct ExplanationTests {
    private static let id = TaskID("x")
    private static let now = Timestamp(seconds: 1_790_000_000)

    private static func facts(_ change: (inout TaskFacts) -> Void) -> TaskFacts {
        var facts = TaskFacts(id, now: now)
        change(&facts)
        return facts
    }

    /// One that waits in its queue, with a worker that could take it.
    private static func waiting(_ change: (inout TaskFacts) -> Void = { _ in }) -> TaskFacts {
        facts { facts in
            facts.location = MessageLocation(task: "t", queue: "q", state: .pending, attempt: 0, retries: 0)
            facts.location?.submitted = now + .seconds(-60)
            facts.standing = MessageStanding(message: nil, ahead: 0, attempts: 0, crashes: 0)
            facts.workers = [worker()]
            change(&facts)
        }
    }

    private static func worker(
        _ name: String = "w1", queues: [String] = ["q"], tasks: [String] = ["t"], running: [String] = []
    ) -> WorkerReport {
        WorkerReport(
            name: name, pid: 1, queues: queues, started: now,
            running: running.map { WorkerReport.RunningTask(id: TaskID($0), task: "t", attempt: 1, started: now) }, tasks: tasks)
    }

    private static func message(expires: Timestamp) -> Message {
        var message = Message(id: id, task: "t", body: MessageBody(bytes: []))
        message.expires = expires
        return message
    }

    private static func ended(_ state: TaskState, _ failure: TaskFailure?, _ change: (inout TaskResult) -> Void = { _ in }) -> TaskFacts {
        facts { facts in
            var result = TaskResult(id: id, state: state, failure: failure)
            result.task = "t"
            change(&result)
            facts.result = result
        }
    }

    private static func letter(_ reason: DeathReason) -> DeadLetter {
        DeadLetter(
            key: "x", taskID: id, task: "t", queue: "q",
            burial: Burial(reason, error: "E: e", date: now, worker: "w1", attempts: 3, crashes: 3))
    }

    private static func time(_ seconds: Double) -> Timestamp { Timestamp(seconds: now.seconds + seconds) }

    struct Row: Sendable, CustomTestStringConvertible {
        var facts: TaskFacts
        var verdict: Explanation.Verdict
        var kinds: [String]
        var text: String
        var testDescription: String { text }

        init(_ facts: TaskFacts, _ verdict: Explanation.Verdict, _ kinds: [String], _ text: String) {
            (self.facts, self.verdict, self.kinds, self.text) = (facts, verdict, kinds, text)
        }
    }

    private static let waits: [Row] = [
        Row(waiting { $0.workers = [] }, .waiting, ["no_worker"], "is waiting: no worker is alive"),
        Row(
            waiting { $0.workers = [worker(queues: ["other"])] }, .waiting, ["no_consumer"],
            "is waiting: no worker consumes queue q (1 worker alive)"),
        Row(
            waiting { $0.workers = [worker(tasks: ["other"])] }, .waiting, ["unregistered"],
            "is waiting: no worker of queue q knows task t"),
        Row(
            waiting { $0.pauses = ["q": QueuePause(since: time(-9), until: time(60), reason: "disk full", by: "me@here")] },
            .waiting, ["paused"],
            "queue q has been paused since \(LocalTime.text(time(-9))) by me@here until \(LocalTime.text(time(60))): disk full"),
        Row(waiting { $0.pauses = ["q": QueuePause(since: time(-9), until: time(-1))] }, .waiting, ["due"], "it is due"),
        Row(waiting { $0.pauses = ["other": QueuePause(since: time(-9))] }, .waiting, ["due"], "it is due"),
        Row(
            waiting { facts in
                facts.location?.eta = time(90)
                facts.standing?.ahead = nil
            }, .waiting, ["eta"], "it may not begin before \(LocalTime.text(time(90))) (in 90 s)"),
        Row(waiting { $0.location?.eta = time(-1) }, .waiting, ["due"], "it is due"),
        Row(
            waiting { facts in
                facts.location?.eta = time(30)
                facts.location?.retries = 1
                facts.result = TaskResult(id: id, state: .retry, failure: .retry(in: 30, because: "no such host"))
            }, .waiting, ["retry"], "for its next try until \(LocalTime.text(time(30))) (in 30 s): Retry in 30s: no such host"),
        Row(
            waiting { $0.limit = .rate(task: "t", interval: 12, next: time(5)) }, .waiting, ["rate"],
            "t may begin once every 12 s, and not before \(LocalTime.text(time(5)))"),
        Row(
            waiting { facts in
                facts.limit = .slot(task: "t", key: "k", of: 2, heldBy: [TaskID("a"), TaskID("b")])
                facts.workers = [worker(running: ["a"]), worker("w2")]
                facts.standing?.ahead = nil
            }, .waiting, ["concurrency"], "all 2 slots of t with key k are taken, by a on w1, b"),
        Row(
            waiting { $0.limit = .slot(task: "t", key: "", of: 1, heldBy: [TaskID("a")]) }, .waiting, ["concurrency"],
            "the only slot of t is taken, by a"),
        Row(waiting { $0.limit = .turn(task: "t", key: "") }, .waiting, ["turn"], "other messages of t came first"),
        Row(waiting { $0.standing?.ahead = 1 }, .waiting, ["behind"], "it is behind 1 other in queue q"),
        Row(
            waiting { facts in
                facts.standing?.message = message(expires: time(-3))
                facts.standing?.ahead = 1
            }, .waiting, ["expired", "behind"], "it expired at \(LocalTime.text(time(-3))), and will be dropped when a worker receives it"),
        Row(waiting { $0.standing?.message = message(expires: time(3)) }, .waiting, ["due"], "it is due"),
        Row(
            waiting { facts in
                facts.waitsSince = time(-40)
                facts.location?.eta = time(20)
                facts.standing?.ahead = nil
            }, .waiting, ["limit"],
            "it has waited for the rate or the slots of t since \(LocalTime.text(time(-40))), and a worker looks at it again at \(LocalTime.text(time(20)))"),
        Row(
            waiting { facts in
                facts.standing?.ahead = 7
                facts.workers = [worker(running: ["a", "b"])]
            }, .waiting, ["behind", "busy"], "it is behind 7 others in queue q"),
        Row(
            waiting { $0.workers = [worker(running: ["a"])] }, .waiting, ["busy"],
            "every worker of queue q is busy: w1 runs 1"),
        Row(waiting { $0.workers = [worker(running: ["a"]), worker("w2")] }, .waiting, ["due"], "it is due"),
        Row(
            waiting { facts in
                facts.location?.eta = time(5)
                facts.pauses = ["q": QueuePause(since: time(-9))]
                facts.workers = []
            }, .waiting, ["eta", "paused", "no_worker"], "\n  also:       queue q has been paused since"),
    ]

    private static func revocation(_ target: Revocation.Target, until: Double = 60) -> Revocation {
        Revocation(target, issued: time(-5), until: time(until))
    }

    private static let revocations: [Row] = [
        Row(
            waiting { $0.revocations = [revocation(.id(id))] }, .waiting, ["revoked"],
            "is waiting: it was revoked at \(LocalTime.text(time(-5))), and will be dropped if a worker receives it"),
        Row(waiting { $0.revocations = [revocation(.id(id), until: -1)] }, .waiting, ["due"], "it is due"),
        Row(waiting { $0.revocations = [revocation(.id(TaskID("y")))] }, .waiting, ["due"], "it is due"),
        Row(facts { $0.revocations = [revocation(.id(id))] }, .unknown, ["unknown", "revoked"], "also:       it was revoked at"),
    ]

    private static let holds: [Row] = [
        Row(
            waiting { facts in
                facts.location?.state = .started
                facts.location?.worker = "w1"
                facts.location?.started = time(-3)
            }, .running, ["running"], "x t is running on w1 since \(LocalTime.text(time(-3))) (3 s)"),
        Row(
            waiting { facts in
                facts.location?.state = .started
                facts.location?.worker = "w1"
                facts.isSilent = true
            }, .running, ["running", "silent"], "also:       worker w1 does not answer now"),
        Row(
            waiting { facts in
                facts.location?.state = .started
                facts.location?.worker = "w9"
            }, .waiting, ["lost_worker"], "worker w9 had it and is gone"),
        Row(
            waiting { facts in
                facts.location?.state = .started
                facts.location?.worker = "w9"
                facts.isSilent = true
            }, .running, ["running", "silent"], "also:       worker w9 does not answer now"),
        Row(
            waiting { $0.location?.state = .started }, .running, ["silent"],
            "is running: a worker that does not answer has the task; if that worker is lost, the broker delivers the message again"),
        Row(
            waiting { facts in
                facts.location?.state = .started
                facts.location?.worker = "w1"
                facts.hold = TaskFacts.Hold(worker: "w1", place: "reserved")
            }, .waiting, ["busy"], "worker w1 has it, and all its children are busy"),
        Row(
            facts { $0.hold = TaskFacts.Hold(worker: "w1", place: "active", task: "t", began: time(-2)) }, .running, ["running"],
            "x t is running on w1 since"),
        Row(
            facts { $0.hold = TaskFacts.Hold(worker: "w1", place: "reserved", limit: .turn(task: "t", key: "")) }, .waiting, ["turn"],
            "other messages of t came first"),
        Row(facts { $0.hold = TaskFacts.Hold(worker: "w1", place: "scheduled") }, .waiting, ["eta"], "worker w1 holds it until its ETA"),
    ]

    private static let ends: [Row] = [
        Row(ended(.success, nil), .succeeded, [], "x t has succeeded"),
        Row(ended(.failure, .exited(status: 3, task: "t")), .failed, ["exit_status"], "has failed: t returned exit status 3"),
        Row(ended(.failure, .signaled(11, task: "t")), .failed, ["signal"], "has failed: t died of signal 11"),
        Row(ended(.failure, .outOfMemory(task: "t")), .failed, ["memory"], "out of memory"),
        Row(
            ended(.failure, .memoryLimitExceeded(limit: 1 << 20, peak: 1 << 21)), .failed, ["memory"], "the limit is"),
        Row(ended(.failure, .timeLimitExceeded(4)), .failed, ["time_limit"], "killed at its time limit of 4 s"),
        Row(ended(.failure, .softTimeLimitExceeded(2.5)), .failed, ["time_limit"], "stopped at its soft time limit of 2.5 s"),
        Row(ended(.failure, .workerLost("gone")), .failed, ["lost"], "its process was lost: gone"),
        Row(ended(.failure, .notRegistered("t")), .failed, ["unregistered"], "knows no task t"),
        Row(
            ended(.failure, TaskFailure(type: "ValueError", arguments: ["bad"])), .failed, ["error"], "has failed: ValueError: bad"),
        Row(ended(.revoked, .revoked("expired")), .revoked, ["expired"], "was withdrawn: it expired before it ran"),
        Row(ended(.revoked, .revoked("revoked")), .revoked, ["revoked"], "was withdrawn: it was revoked before it ran"),
        Row(ended(.revoked, .revoked("terminated")), .revoked, ["terminated"], "terminated while it ran"),
        Row(
            ended(.failure, .exited(status: 1, task: "t")) { $0.errorOutput = "1\n2\n3\n4\n5\n6\n" }, .failed, ["exit_status"],
            "  stderr:     2\n  stderr:     3\n  stderr:     4\n  stderr:     5\n  stderr:     6"),
        Row(
            facts { $0.letter = letter(.signal(9)) }, .dead, ["dead"],
            "is a dead letter: its process died of signal 9 (3 attempts, 3 of which lost their process)"),
        Row(facts { $0.letter = letter(.unreadable) }, .dead, ["dead"], "celery dead replay x sends it again"),
        Row(facts { $0.letter = letter(.other("maxlen")) }, .dead, ["dead"], "is a dead letter: maxlen"),
    ]

    private static let unclear: [Row] = [
        Row(
            facts { facts in
                facts.brokerTells = false
                facts.searchLimit = 200_000
                facts.workers = []
            }, .unseen, ["unseen", "no_worker"], "neither a worker nor the result store has it, nor 200000 messages of each queue"),
        Row(facts { _ in }, .unknown, ["unknown"], "is not known: neither the broker nor the result store knows it"),
        Row(
            facts { facts in
                facts.brokerTells = false
                facts.workers = []
                facts.pauses = ["q": QueuePause(since: now)]
                facts.counts = [QueueCount(name: "celery", ready: 4, scheduled: nil, running: nil, consumers: 0)]
            }, .unseen, ["unseen", "no_worker", "paused", "no_consumer"],
            "queue celery holds 4 messages, and no worker consumes it"),
        Row(
            facts { facts in
                facts.brokerTells = false
                facts.workers = []
                facts.result = TaskResult(id: id, state: .started)
                facts.result?.worker = "w1"
            }, .running, ["unanswered"], "is running: it began on w1 and has not ended; no worker reports it now"),
        Row(
            facts { facts in
                facts.brokerTells = false
                facts.result = TaskResult(id: id, state: .retry, failure: .retry(in: 5, because: "later"))
            }, .waiting, ["retry"], "is waiting: for its next try: Retry in 5s: later"),
    ]

    @Test(arguments: waits + revocations + holds + ends + unclear) func `each reason has its words`(_ row: Row) {
        let explanation = Explanation(row.facts)
        #expect(explanation.verdict == row.verdict)
        #expect(explanation.causes.map(\.kind) == row.kinds)
        #expect(explanation.text.contains(row.text), "\(explanation.text)")
    }

    @Test func `a letter that was sent again and has succeeded is dead no more, one that waits again neither`() {
        var facts = Self.ended(.success, nil)
        facts.letter = Self.letter(.lost)
        #expect(Explanation(facts).verdict == .succeeded)
        var again = Self.waiting()
        again.letter = Self.letter(.lost)
        #expect(Explanation(again).verdict == .waiting)
    }

    @Test func `tells how late it began, and how much of that was wanted`() {
        var facts = Self.ended(.success, nil) { result in
            result.dateStarted = Self.time(-50)
            result.dateDone = Self.time(-40)
            result.worker = "w1"
        }
        facts.events = [Event("task-sent", from: "c", pid: 1, clock: 1, at: Self.time(-60))]
        #expect(Explanation(facts).text.contains(", after waiting 10 s\n"))
        facts.events[0].details = ["eta": .string("2026-09-21T14:12:27+00:00")]
        let eta = facts.eta
        #expect(eta.map { $0 > Self.time(-60) && $0 <= Self.time(-50) } == true, "\(String(describing: eta)) \(Self.now)")
        #expect(Explanation(facts).text.contains(", after waiting 10 s: 7 s for its ETA, then 3 s\n"), "\(Explanation(facts).text)")
    }

    @Test func `attempts are told by events, the last one by the result`() {
        func event(_ type: String, _ seconds: Double, _ worker: String, _ details: JSONObject = [:]) -> Event {
            Event(type, from: worker, pid: 1, clock: 1, at: Self.time(seconds), details: details)
        }
        var facts = Self.ended(.failure, .exited(status: 4, task: "t")) { result in
            result.attempt = 3
            result.worker = "w2"
            result.dateStarted = Self.time(-10)
            result.dateDone = Self.time(-8)
        }
        facts.events = [
            event("task-started", -40, "w1"), event("task-started", -30, "w1"),
            event("task-retried", -29, "w1", ["exception": "Retry('x')"]), event("task-started", -10, "w2"),
            event("task-failed", -8, "w2", ["exception": "E()"]),
        ]
        let attempts = facts.attempts
        #expect(attempts.map(\.number) == [1, 2, 3])
        #expect(attempts.map(\.state) == [nil, .retry, .failure])
        #expect(attempts.map(\.worker) == ["w1", "w1", "w2"])
        #expect(attempts[2].reason == "t returned exit status 4")
        facts.events = []
        #expect(facts.attempts.map(\.number) == [3])
        #expect(Explanation(facts).text.contains("attempts:   3; of 2 no event is kept"), "\(Explanation(facts).text)")
    }

    @Test func `what was withdrawn before it began was no attempt`() {
        let facts = Self.ended(.revoked, .revoked("revoked")) { $0.worker = "w1" }
        #expect(facts.attempts.isEmpty)
        #expect(!Explanation(facts).text.contains("attempt"), "\(Explanation(facts).text)")
    }

    @Test func `the attempt under way is one of them`() {
        let facts = Self.waiting { facts in
            facts.location?.state = .started
            facts.location?.attempt = 1
            facts.location?.worker = "w1"
            facts.location?.started = Self.time(-3)
            facts.standing = MessageStanding(message: nil, ahead: nil, attempts: 1, crashes: 0)
        }
        #expect(facts.attempts == [TaskAttempt(number: 1, worker: "w1", began: Self.time(-3))])
        #expect(!Explanation(facts).text.contains("no event is kept"))
    }

    @Test func `names parent, group and children with their states`() {
        var facts = Self.ended(.success, nil) { result in
            result.parentID = TaskID("p")
            result.groupID = "g"
            result.children = [[["c1", nil], nil], [["g2", nil], [[["c2", nil], nil]]]]
        }
        facts.states = [TaskID("p"): .success, TaskID("c1"): .failure]
        #expect(facts.children.map(\.text) == ["c1", "g2", "c2"])
        let text = Explanation(facts).text
        for line in ["parent:     p SUCCESS", "group:      g", "child:      c1 FAILURE", "child:      c2"] {
            #expect(text.contains("\n  " + line), "\(text)")
        }
    }

    @Test func `what workers say of limits is read as it was written`() {
        for wait in [
            LimitWait.rate(task: "t", interval: 2, next: Self.now), .slot(task: "t", key: "k", of: 2, heldBy: [TaskID("a")]),
            .turn(task: "t", key: ""),
        ] { #expect(LimitWait(json: wait.json) == wait) }
        for text in ["{}", "[]", #"{"wait": "rate", "task": "t"}"#, #"{"wait": "x", "task": "t"}"#] {
            #expect((try? JSON(parsing: text)).flatMap(LimitWait.init) == nil)
        }
    }
}
