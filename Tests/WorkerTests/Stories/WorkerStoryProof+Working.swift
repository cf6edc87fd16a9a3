import CeleryCore
import Fixtures
import Tasks
import Testing
import Wire
import Worker

// Working, failing.
extension WorkerStoryProof {
    private func signature(_ task: String, _ args: [JSON], id: TaskID) -> Signature {
        Signature(task: task, args: args, options: ["task_id": .string(id.text)])
    }

    func swiftTask() async throws {
        var bench = stage.bench
        try bench.addExample("add")
        let worker = try await bench.start()
        let before = Timestamp.now
        let id = try await bench.send("example.add", 2, kwargs: ["y": 3])
        let result = try await bench.result(of: id)
        #expect(result.state == .success && result.value == 5 && result.failure == nil)
        #expect(result.task == "example.add" && result.worker == "celery@test" && result.queue == "celery")
        #expect(result.attempt == 1 && result.retries == 0)
        let (started, done) = (try #require(result.dateStarted), try #require(result.dateDone))
        #expect(before <= started && started <= done && done <= .now)
        try await worker.stop()
        #expect(worker.children.isEmpty)
        #expect(try await stage.isEmpty())
    }

    func calls() async throws {
        let server = try ScriptedHTTPServer { request, _ in .slow(.milliseconds(100), .json("\"\(request.headers["celery-task-id"] ?? "")\"")) }
        var bench = stage.bench
        try bench.addCall(server)
        try bench.addExample("add")
        let example = bench
        let messages = (0..<40).map { _ in example.message("call") }
        try await bench.broker.publish(messages)
        let worker = try await bench.start()
        let sum = try await bench.send("example.add", 2, 3)
        for message in messages { #expect(try await bench.result(of: message.id).value == .string(message.id.text)) }
        #expect(try await bench.result(of: sum).value == 5)
        #expect(server.requests.count == 40)
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func request() async throws {
        var bench = stage.bench
        try bench.addProgram("once", TaskOptions(retryDelay: .milliseconds(10)), "[ $CELERY_TASK_RETRIES = 1 ] || exit 75")
        let worker = try await bench.start()
        let id = try await bench.send("once", "a b", 1.5, kwargs: ["size": "XL"])
        #expect(try await bench.result(of: id).state == .success)
        guard let store = bench.store as? any RequestKeeping else {
            #expect(stage.place == .redis, "Python's layout has no room for messages")
            return try await worker.stop()
        }
        let request = try #require(try await store.requests(for: [id])[id])
        #expect(request.task == "once" && request.id == id && request.route.queue == "celery")
        let arguments = try BodyCodec.decode(request.body)
        #expect(arguments.args == ["a b", 1.5] && arguments.kwargs == ["size": "XL"])
        try await worker.stop()
    }

    func program() async throws {
        var bench = stage.bench
        try bench.addProgram("show", #"printf '{"args": "%s", "id": "%s"}' "$*" "$CELERY_TASK_ID"; cat >request"#)
        let worker = try await bench.start()
        let id = try await bench.send("show", "a b", 1, kwargs: ["größe": "XL"])
        #expect(try await bench.result(of: id).value == ["args": "a b 1 --größe XL", "id": .string(id.text)])
        let request = try JSON(parsing: bench.folder.read("request") ?? "")
        #expect(request["kwargs"] == ["größe": "XL"])
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func many() async throws {
        var bench = stage.bench
        try bench.addExample("add")
        let example = bench
        let messages = (0..<300).map { example.message("example.add", [.int($0), 1]) }
        try await bench.broker.publish(messages)
        let worker = try await bench.start(children: 3)
        for (number, message) in messages.enumerated() {
            let result = try await bench.result(of: message.id)
            #expect(result.value == .int(Int64(number + 1)))
            // A child that the machine leaves no time gives back what waits behind its task, and some brokers count that.
            #expect(stage.place.attemptsOfUntried.contains(result.attempt))
        }
        try await worker.stop()
        // What a child gave back is taken again, so only the ends tell that each ran once.
        #expect(worker.log.lines.count { $0.contains("Got task from broker") } >= 300)
        #expect(worker.log.lines.count { $0.contains(" processed: ") } == 300)
        #expect(try await stage.isEmpty())
    }

    func due() async throws {
        var bench = stage.bench
        try bench.addExample("add")
        var message = bench.message("example.add", [1, 2])
        let eta = Timestamp.now + .seconds(1)
        message.eta = eta
        let worker = try await bench.start()
        try await bench.broker.publish([message])
        let sooner = try await bench.send("example.add", 3, 4)
        #expect(try await bench.result(of: sooner).value == 7)
        let result = try await bench.result(of: message.id)
        #expect(result.value == 3)
        let started = try #require(result.dateStarted)
        #expect(started >= eta)
        try await worker.stop()
    }

    func linked() async throws {
        var bench = stage.bench
        try bench.addExample("add")
        let (callback, never) = (TaskID(), TaskID())
        let embed = TaskArguments.Embed(
            callbacks: [signature("example.add", [10], id: callback)], errbacks: [signature("example.add", [0], id: never)])
        let message = bench.message("example.add", [1, 2], embed: embed)
        let worker = try await bench.start()
        try await bench.broker.publish([message])
        let result = try await bench.result(of: callback)
        #expect(result.value == 13 && result.parentID == message.id)
        try await worker.stop()
        #expect(try await bench.record(of: never) == nil)
        #expect(try await stage.isEmpty())
    }

    func chain() async throws {
        var bench = stage.bench
        try bench.addExample("add")
        let ids = [TaskID(), TaskID()]
        // As Celery keeps it: the next step stands last.
        let chain = [signature("example.add", [100], id: ids[1]), signature("example.add", [10], id: ids[0])]
        let message = bench.message("example.add", [1, 2], embed: .init(chain: chain))
        let worker = try await bench.start()
        try await bench.broker.publish([message])
        #expect(try await bench.result(of: ids[1]).value == 113)
        #expect(try await bench.result(of: ids[0]).value == 13)
        #expect(try await bench.result(of: message.id).value == 3)
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func resultsUnwanted() async throws {
        var bench = stage.bench
        try bench.addExample("add", TaskOptions(ignoreResult: true))
        try bench.addExample("divide", TaskOptions(ignoreResult: true))
        let worker = try await bench.start()
        let (silent, failing) = (try await bench.send("example.add", 1, 2), try await bench.send("example.divide", 1, 0))
        #expect(try await bench.result(of: failing).state == .failure)
        #expect(try await worker.log.eventuallyContains("Task example.add[\(silent)] processed"))
        try await worker.stop()
        #expect(try await bench.record(of: silent) == nil)
        #expect(try await stage.isEmpty())
    }

    func programEnds() async throws {
        var bench = stage.bench
        try bench.addProgram("fail", "echo partial; echo why >&2; exit 3")
        try bench.addProgram("die", "kill -KILL $$")
        let worker = try await bench.start()
        let failed = try await bench.result(of: bench.send("fail"))
        #expect(failed.state == .failure && failed.failure == .exited(status: 3, task: "fail") && failed.traceback == "why\n")
        #expect(try await bench.result(of: bench.send("die")).failure == .signaled(9, task: "die"))
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func throwing() async throws {
        var bench = stage.bench
        try bench.addExample("divide")
        let worker = try await bench.start()
        let result = try await bench.result(of: bench.send("example.divide", 1, 0))
        #expect(result.state == .failure && result.value == nil)
        #expect(result.failure == TaskFailure(type: "Divide.DivisionByZero", arguments: ["cannot divide 1.0 by zero"], module: "Example"))
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func unknown() async throws {
        var bench = stage.bench
        try bench.addExample("add")
        var expired = bench.message("example.add", [1, 2])
        expired.expires = .now + .seconds(-1)
        let stranger = bench.message("example.subtract", [1, 2])
        try await bench.broker.publish([expired, stranger])
        let worker = try await bench.start()
        // RabbitMQ drops a message by itself when its time is over, and no worker hears of it.
        if stage.place != .rabbitMQ {
            let revoked = try await bench.result(of: expired.id)
            #expect(revoked.state == .revoked && revoked.failure == .revoked("expired"))
        }
        #expect(try await bench.result(of: stranger.id).failure == .notRegistered("example.subtract"))
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func damaged() async throws {
        var bench = stage.bench
        try bench.addExample("add")
        var damaged = bench.message("example.add")
        damaged.body.bytes = Array("[[1, 2".utf8)
        try await bench.broker.publish([damaged])
        let worker = try await bench.start()
        #expect(try await bench.result(of: damaged.id).failure?.type == "InvalidTaskError")
        #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3)
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }
}
