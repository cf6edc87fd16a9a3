import CeleryCore
import Fixtures
import Tasks
import Testing
import Worker

// Stopping, losing its broker.
extension WorkerStoryProof {
    func burst() async throws {
        var bench = stage.bench
        try bench.addExample("add")
        try bench.addProgram("slow", "sleep 1.2")
        let ids = [try await bench.send("example.add", 1, 2), try await bench.send("no.such.task")]
        // While one runs, the broker need not send the next one.
        let slow = [try await bench.send("slow"), try await bench.send("slow")]
        try await bench.start {
            $0.isBurst = true
            $0.prefetch = 1
        }.end()
        #expect(try await bench.record(of: ids[0])?.state == .success)
        #expect(try await bench.record(of: ids[1])?.state == .failure)
        for id in slow { #expect(try await bench.record(of: id)?.state == .success) }
        // And one with nothing to do.
        #expect(try await stage.isEmpty())
    }

    func maxTasks() async throws {
        var bench = stage.bench
        try bench.addExample("add")
        let example = bench
        let messages = (0..<20).map { example.message("example.add", [.int($0), 0]) }
        try await bench.broker.publish(messages)
        for run in 1...3 {
            let worker = try await bench.start(children: 2) {
                $0.maxTasks = 5
                $0.prefetch = run == 3 ? 10 : 0
            }
            try await worker.end()
            #expect(try await bench.store.results(for: messages.map(\.id)).count == 5 * run)
        }
        try await bench.start { $0.isBurst = true }.end()
        for message in messages { #expect(try await stage.place.attemptsOfUntried.contains(bench.result(of: message.id).attempt)) }
    }

    func warmStop() async throws {
        var bench = stage.bench
        try bench.addGate()
        try bench.addExample("add")
        let slow = try await bench.send("wait", "1")
        let rest = [try await bench.send("example.add", 1, 1), try await bench.send("example.add", 2, 2)]
        let worker = try await bench.start { $0.prefetch = 10 }
        #expect(try await bench.hasStarted("1"))
        await worker.worker.stop(.warm)
        // They stand in the child's line, which they leave at once; the gate stays shut until another has run them.
        let other = try await bench.start {
            $0.identity = WorkerIdentity(id: TaskID().text, name: "other@test", pid: $0.identity.pid, process: $0.identity.process)
        }
        for id in rest { #expect(try await stage.place.attemptsOfUntried.contains(bench.result(of: id).attempt)) }
        try await other.stop()
        try bench.openGate()
        try await worker.end()
        #expect(try await bench.record(of: slow)?.value == "waited")
        #expect(worker.children.isEmpty)
        #expect(try await stage.isEmpty())
    }

    func coldStop() async throws {
        var bench = stage.bench
        try bench.addGate()
        let slow = try await bench.send("wait", "1")
        let worker = try await bench.start()
        #expect(try await bench.hasStarted("1"))
        try await worker.stop(.cold)
        #expect(worker.children.isEmpty)
        #expect(try await bench.record(of: slow)?.state.isReady != true)
        try bench.openGate()
        try await bench.start { $0.isBurst = true }.end()
        let result = try await bench.result(of: slow)
        // RabbitMQ's plugin ends no subscription that has a message, and sends it what replaces that message.
        let attempts = stage.place == .rabbitMQByStomp ? 2...3 : 2...2
        #expect(result.value == "waited" && attempts.contains(result.attempt))
        #expect(try await stage.isEmpty())
    }

    func brokerRefuses() async throws {
        var bench = stage.bench
        try bench.addExample("unsteady", TaskOptions(maxRetries: 3))
        let trouble = Trouble([.take: 2, .publish: 1, .settle: 2, .store: 2])
        let id = try await bench.send("example.unsteady", 1)
        bench.broker = FlakyBroker(base: bench.broker, trouble: trouble)
        bench.store = FlakyStore(base: bench.store, trouble: trouble)
        let worker = try await bench.start()
        let result = try await bench.result(of: id)
        #expect(result.value == "worked after 1 retries" || result.value == "worked after 1 retry")
        try await worker.stop()
        #expect(worker.log.contains("error: cannot take messages: no luck with take"))
        #expect(worker.log.contains("error: cannot record 1 outcome: no luck with store"))
        #expect(try await stage.isEmpty())
    }

    func brokerLost() async throws {
        var bench = stage.bench
        try bench.addProgram("once", "echo $CELERY_ATTEMPT >> runs; until [ -e go ]; do sleep 0.02; done; echo done")
        let loseBroker = try stage.loss(of: &bench)
        let id = try await bench.send("once")
        let worker = try await bench.start(children: 2)
        let folder = bench.folder
        #expect(try await eventually { folder.read("runs") == "1\n" })
        try await loseBroker { try folder.write("", to: "go") }
        let result = try await bench.result(of: id)
        // Of the attempt that ran, not of one that was delivered meanwhile.
        #expect(result.value == "done" && result.attempt == 1)
        let after = try await bench.send("once")
        #expect(try await bench.result(of: after).value == "done", "it goes on")
        try await worker.stop()
        #expect(folder.read("runs") == "1\n1\n")
        #expect(try await stage.isEmpty())
    }
}
