import CeleryCore
import Fixtures
import Tasks
import Testing
import Wire
import Worker

// Trying again, being acknowledged early.
extension WorkerStoryProof {
    func retries() async throws {
        var bench = stage.bench
        try bench.addExample("unsteady", TaskOptions(maxRetries: 5))
        let worker = try await bench.start()
        let result = try await bench.result(of: bench.send("example.unsteady", 2))
        #expect(result.value == "worked after 2 retries")
        #expect(result.retries == 2)
        // Two tries went before.
        #expect(stage.place.attemptsOfUntried.contains(result.attempt - 2))
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func triesEnd() async throws {
        var bench = stage.bench
        try bench.addProgram(
            "odd", TaskOptions(maxRetries: 2, retryDelay: .milliseconds(20), autoretryFor: [7]), "echo $CELERY_TASK_RETRIES >>tries; exit 7")
        let worker = try await bench.start()
        let result = try await bench.result(of: bench.send("odd"))
        #expect(result.failure == .exited(status: 7, task: "odd") && result.retries == 2)
        #expect(bench.folder.read("tries") == "0\n1\n2\n")
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func triesOutliveWorker() async throws {
        var bench = stage.bench
        // It asks for tries until the first worker is gone: a look or a stop that is late loses none.
        try bench.addProgram(
            "once", TaskOptions(maxRetries: 1_000, retryDelay: .seconds(1), autoretryFor: [7]),
            "echo $CELERY_TASK_RETRIES >>tries; test -e gate && echo $CELERY_TASK_ID && exit; exit 7")
        let first = try await bench.start()
        let id = try await bench.send("once")
        var record: TaskResult?
        #expect(try await eventually {
            record = try await bench.record(of: id)
            return record?.state == .retry
        })
        #expect(record?.failure == .retry(in: 1, because: "once returned exit status 7"))
        try await first.stop()
        try bench.openGate()
        let second = try await bench.start()
        let result = try await bench.result(of: id)
        #expect(result.value == .string(id.text) && result.retries >= 1)
        #expect(bench.folder.read("tries") == (0...result.retries).map { "\($0)\n" }.joined())
        try await second.stop()
        #expect(try await stage.isEmpty())
    }

    func childDies() async throws {
        var bench = stage.bench
        try bench.addExample("crash", TaskOptions(crashLimit: 2))
        try bench.addExample("add")
        let worker = try await bench.start()
        let result = try await bench.result(of: bench.send("example.crash"))
        #expect(result.state == .failure && result.failure?.type == "WorkerLostError" && result.attempt == 2)
        #expect(result.failure?.message.hasSuffix("(attempt 2, not tried again)") == true)
        // The pool is whole again.
        #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3)
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func early() async throws {
        var bench = stage.bench
        try bench.addExample("crash", TaskOptions(acknowledgement: .early, crashLimit: 5))
        let worker = try await bench.start()
        let result = try await bench.result(of: bench.send("example.crash"))
        #expect(result.failure?.type == "WorkerLostError" && result.attempt == 1)
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func earlyUnbegun() async throws {
        var bench = stage.bench
        try bench.addGate()
        try bench.addProgram("mark", TaskOptions(acknowledgement: .early), "echo $1 >>marks")
        let example = bench
        let messages = [bench.message("wait", ["1"])] + (0..<3).map { example.message("mark", [.int($0)]) }
        try await bench.broker.publish(messages)
        let worker = try await bench.start { $0.prefetch = 10 }
        #expect(try await bench.hasStarted("1"))
        // They stand behind a slow task, or went back to the broker because that one is slow.
        await worker.worker.stop(.warm)
        try bench.openGate()
        try await worker.end()
        try await bench.start { $0.isBurst = true }.end()
        for message in messages { #expect(try await bench.result(of: message.id).state == .success) }
        #expect(bench.folder.read("marks")?.split(separator: "\n").sorted() == ["0", "1", "2"])
    }
}
