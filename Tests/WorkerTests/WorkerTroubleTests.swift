import Brokers
import CeleryCore
import Fixtures
import SQLite
import Tasks
import Testing
import Wire
import Worker

extension WorkerTests {
    @Suite struct Troubles {
        @Test(arguments: Backing.allCases)
        func `records what has run however often the drivers refuse`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            let callback = TaskID()
            let link = Signature(task: "example.add", args: [1], options: ["task_id": .string(callback.text)])
            let message = bench.message("example.add", [1, 2], embed: .init(callbacks: [link]))
            try await bench.broker.publish([message])
            let trouble = Trouble([.take: 2, .publish: 1, .settle: 1, .store: 2])
            bench.broker = FlakyBroker(base: bench.broker, trouble: trouble)
            bench.store = FlakyStore(base: bench.store, trouble: trouble)
            let worker = try await bench.start()
            #expect(try await bench.result(of: callback).value == 4)
            #expect(try await bench.result(of: message.id).value == 3)
            try await worker.stop()
            #expect(worker.log.contains("error: cannot take messages: no luck with take"))
            #expect(worker.log.contains("error: cannot record 1 outcome: no luck with publish"))
            #expect(worker.log.contains("error: cannot record 1 outcome: no luck with store"))
            #expect(worker.log.contains("error: cannot record 1 outcome: no luck with settle"))
        }

        @Test func `ends although results cannot be kept, and leaves the messages to others`() async throws {
            var bench = try Bench(.memory)
            try bench.addExample("add")
            let id = try await bench.send("example.add", 1, 2)
            let (broker, store) = (bench.broker, bench.store)
            bench.broker = FlakyBroker(base: broker, trouble: Trouble([:]))
            bench.store = FlakyStore(base: store, trouble: Trouble([.store: .max]))
            let worker = try await bench.start { $0.stoppingPatience = .milliseconds(200) }
            #expect(try await worker.log.eventuallyContains("cannot record 1 outcome: no luck with store"))
            try await worker.stop()
            #expect(worker.log.contains("Stopping without a record of 1 outcome: example.add[\(id)]; what the broker still has will run again"))
            bench.store = store
            let other = try await bench.start()
            #expect(try await bench.result(of: id).value == 3)
            try await other.stop()
        }

        @Test func `log lines stay short, whatever the id`() async throws {
            var bench = try Bench()
            try bench.addProgram("talk", "echo said >&2; exit 1")
            var message = bench.message("talk")
            message.id = TaskID(String(repeating: "i", count: 255))
            try await bench.broker.publish([message])
            let worker = try await bench.start()
            _ = try await bench.result(of: message.id)
            try await worker.stop()
            #expect(worker.log.contains("talk[\(String(repeating: "i", count: 200))...]: said"))
            #expect(!worker.log.contains(message.id.text))
        }

        @Test func `an outcome that came too late is told, and forgotten`() async throws {
            var bench = try Bench(.sqlite)
            try bench.addGate()
            let id = try await bench.send("wait", "1")
            let worker = try await bench.start()
            #expect(try await bench.hasStarted("1"))
            // Another worker takes this one for dead, by a clock that runs ahead.
            let clock = ManualClock(.now)
            let file = try DatabaseFile(path: bench.folder.file("celery.db"))
            let ahead = SQLiteBroker(file: file, resultExpires: nil, processLives: { _ in nil }, now: { clock.now })
            let consumer = try await ahead.consumer(of: ["celery"], as: WorkerIdentity(id: "2", name: "other", pid: 1, process: ""))
            let holder = try #require(consumer as? any LeaseHolding)
            #expect(
                try await eventually {
                    // Again, should the worker just have renewed its lease.
                    _ = try await holder.renewLease()
                    clock.advance(by: .seconds(60))
                    return try await holder.renewLease().map(\.messages) == [1]
                })
            let second = try #require(try await consumer.take(1).first)
            #expect(second.handle.attempt == 2)
            try bench.openGate()
            #expect(try await worker.log.eventuallyContains("came too late; another attempt has the task"))
            #expect(try await bench.record(of: id) == nil)
            #expect(try await consumer.settle([Outcome(handle: second.handle, results: [])]) == [true])
            try await worker.stop()
        }
    }
}
