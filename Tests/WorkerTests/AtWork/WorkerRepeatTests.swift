import CeleryCore
import Fixtures
import Tasks
import Testing
import Worker

extension WorkerTests {
    @Suite struct Repeats {
        @Test func `a message that comes again while its task runs here does not run it a second time`() async throws {
            var bench = try Bench()
            try bench.addProgram("once", "echo $CELERY_ATTEMPT >> runs; until [ -e go ]; do sleep 0.02; done; echo done")
            let memory = bench.broker
            let broker = LossyBroker(base: memory)
            bench.broker = broker
            let id = try await bench.send("once")
            let worker = try await bench.start(children: 2)
            #expect(try await eventually { bench.folder.read("runs") == "1\n" })
            try await broker.loseConnection()
            #expect(try await eventually { worker.log.contains("was delivered again while it runs here; the running attempt continues") })
            try bench.folder.write("", to: "go")
            let result = try await bench.result(of: id)
            // Of the attempt that ran, not of the one that was delivered.
            #expect(result.value == "done" && result.attempt == 1)
            try await worker.stop()
            #expect(bench.folder.read("runs") == "1\n")
            bench.broker = memory
            #expect(try await bench.location(of: id) == nil)
        }

        @Test func `a message that comes again as its task ends does not run it a second time`() async throws {
            var bench = try Bench()
            try bench.addProgram("once", "echo $CELERY_ATTEMPT >> runs; until [ -e go ]; do sleep 0.02; done; echo done")
            let broker = LossyBroker(base: bench.broker)
            let store = StaleStore(base: bench.store)
            (bench.broker, bench.store) = (broker, store)
            let id = try await bench.send("once")
            let worker = try await bench.start(children: 2)
            #expect(try await eventually { bench.folder.read("runs") == "1\n" })
            store.holdNext()
            try await broker.loseConnection()
            // The worker looks for the result while the task runs, and learns that there is none when it has ended.
            #expect(try await eventually { store.holds })
            try bench.folder.write("", to: "go")
            #expect(try await eventually { try await store.base.results(for: [id])[id]?.state == .success })
            store.setFree()
            #expect(try await eventually { worker.log.contains("was delivered again and is not run: its result is already recorded") })
            try await worker.stop()
            #expect(bench.folder.read("runs") == "1\n")
        }

        @Test func `a periodic run that was sent twice runs once`() async throws {
            var bench = try Bench()
            try bench.addProgram("tick", "echo x >> runs")
            var message = bench.message("tick")
            message.headers = ["beat_entry": "tick", "beat_due": "2026-03-01T12:00:00+00:00"]
            try await bench.broker.publish([message])
            let worker = try await bench.start()
            #expect(try await bench.result(of: message.id).state == .success)
            #expect(try await eventually { try await bench.location(of: message.id) == nil })
            try await bench.broker.publish([message])
            #expect(try await eventually { worker.log.contains("was delivered again and is not run: its result is already recorded") })
            try await worker.stop()
            #expect(bench.folder.read("runs") == "x\n")
            #expect(try await bench.location(of: message.id) == nil)
        }

        @Test func `a client gets its answer again when the message comes again: the first may be lost`() async throws {
            var bench = try Bench()
            try bench.addProgram("once", "echo x >> runs; echo done")
            let broker = AnsweringBroker(base: bench.broker)
            bench.broker = broker
            var message = bench.message("once")
            message.headers = ["beat_entry": "once", "beat_due": "2026-03-01T12:00:00+00:00"]
            message.replyTo = "client"
            try await broker.publish([message])
            let worker = try await bench.start()
            #expect(try await bench.result(of: message.id).state == .success)
            #expect(try await eventually { broker.sent.map(\.value) == ["done"] })
            let locating = try #require(broker.base as? any MessageLocating)
            let id = message.id
            #expect(try await eventually { try await locating.locate([id])[id] == nil })
            try await broker.publish([message])
            #expect(try await eventually { broker.sent.map(\.value) == ["done", "done"] })
            #expect(broker.sent.allSatisfy { $0.id == message.id && $0.replyTo == "client" })
            // Nobody waits for these.
            message.id = TaskID()
            message.ignoreResult = true
            try await broker.publish([message])
            message.id = TaskID()
            (message.ignoreResult, message.replyTo) = (nil, nil)
            try await broker.publish([message])
            #expect(try await bench.result(of: message.id).state == .success)
            try await worker.stop()
            #expect(broker.sent.count == 2 && bench.folder.read("runs") == "x\nx\nx\n")
        }

        @Test func `nobody is answered where the settings say so`() async throws {
            var bench = try Bench()
            try bench.addProgram("once", "echo done")
            let broker = AnsweringBroker(base: bench.broker)
            bench.broker = broker
            var message = bench.message("once")
            message.replyTo = "client"
            try await broker.publish([message])
            let worker = try await bench.start { $0.sendsReplies = false }
            #expect(try await bench.result(of: message.id).state == .success)
            try await worker.stop()
            #expect(broker.sent.isEmpty)
        }

        @Test func `tells the store that a task has started, where the broker cannot tell`() async throws {
            var bench = try Bench()
            try bench.addProgram("slow", "until [ -e go ]; do sleep 0.02; done; echo done")
            try bench.addProgram("secret", TaskOptions(ignoreResult: true), "until [ -e go ]; do sleep 0.02; done")
            let (id, ignored) = (try await bench.send("slow"), try await bench.send("secret"))
            let worker = try await bench.start(children: 2)
            #expect(try await eventually { try await bench.record(of: id)?.state == .started })
            #expect(try await bench.record(of: id)?.worker != nil)
            try bench.folder.write("", to: "go")
            #expect(try await bench.result(of: id).value == "done")
            try await worker.stop()
            #expect(try await bench.record(of: ignored) == nil)
        }
    }
}
