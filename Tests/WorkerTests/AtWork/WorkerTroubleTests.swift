import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import Tasks
import Testing
import Wire
@testable import Worker

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

        @Test func `a message that comes again while the result of its task is being stored is not run again`() async throws {
            var bench = try Bench(.memory)
            try bench.addProgram("once", "echo $CELERY_ATTEMPT >> runs; echo done")
            let (broker, store) = (LossyBroker(base: bench.broker), SlowStore(base: bench.store))
            (bench.broker, bench.store) = (broker, store)
            let id = try await bench.send("once")
            let worker = try await bench.start(children: 2)
            #expect(try await eventually { store.hasBegun })
            try await broker.loseConnection()
            #expect(try await eventually { broker.hasGiven })
            store.setFree()
            #expect(try await bench.result(of: id).value == "done")
            try await worker.stop()
            #expect(bench.folder.read("runs") == "1\n")
        }

        @Test(arguments: Backing.allCases)
        func `outlives messages with times that no clock can be asked for`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            try bench.addProgram("later", TaskOptions(), "exit 75")
            var late = bench.message("example.add", [1, 1])
            late.eta = Timestamp(seconds: 253_402_300_799)
            var again = bench.message("later")
            again.headers["retry_delay"] = 1e300
            let body = Signature(task: "example.add", options: ["countdown": 1e300])
            func unlock(_ members: [JSON]) -> Message {
                bench.message(
                    ChordUnlock.task, ["G", SignatureCodec.json(body)], ["interval": 1e300, "max_retries": nil, "result": .array(members)])
            }
            try await bench.broker.publish([late, again, unlock([["nobody", nil]]), unlock([])])
            let good = try await bench.send("example.add", 1, 2)
            let worker = try await bench.start()
            #expect(try await bench.result(of: good).value == 3)
            #expect(try await worker.log.eventuallyContains("retry 1 in 1000000000s"))
            try await worker.stop()
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
            #expect(worker.log.contains("Stopping without recording 1 outcome: example.add[\(id)]; unacknowledged tasks will run again"))
            bench.store = store
            let other = try await bench.start()
            #expect(try await bench.result(of: id).value == 3)
            try await other.stop()
        }

        /// One task with a callback that no queue takes for now, and others.
        private func sendOneThatIsStuck(_ bench: inout Bench) async throws -> (broker: SilentBroker, stuck: TaskID, callback: TaskID) {
            try bench.addExample("add")
            try bench.addProgram("silent", "echo heard")
            let callback = TaskID()
            let link = Signature(task: "silent", options: ["task_id": .string(callback.text)])
            let message = bench.message("example.add", [1, 2], embed: .init(callbacks: [link]))
            try await bench.broker.publish([message])
            let broker = SilentBroker(base: bench.broker, silentOf: ["silent"])
            bench.broker = broker
            return (broker, message.id, callback)
        }

        @Test func `what one queue does not take holds up nothing else`() async throws {
            var bench = try Bench(.memory)
            let (broker, stuck, callback) = try await sendOneThatIsStuck(&bench)
            var others: [TaskID] = []
            for number in 0..<20 { others.append(try await bench.send("example.add", .int(Int64(number)), 1)) }
            let worker = try await bench.start()
            for (number, id) in others.enumerated() { #expect(try await bench.result(of: id).value == .int(Int64(number + 1))) }
            #expect(try await bench.record(of: stuck) == nil)
            broker.setFree()
            #expect(try await bench.result(of: stuck).value == 3)
            #expect(try await bench.result(of: callback).value == "heard")
            try await worker.stop()
        }

        @Test(arguments: [Shutdown.warm, .cold])
        func `a shutdown waits for what is not taken as long as it may, and leaves the message to others`(_ how: Shutdown) async throws {
            var bench = try Bench(.memory)
            let base = bench
            let (broker, stuck, _) = try await sendOneThatIsStuck(&bench)
            let other = try await bench.send("example.add", 1, 1)
            let worker = try await bench.start { $0.stoppingPatience = .milliseconds(200) }
            #expect(try await bench.result(of: other).value == 2)
            try await worker.stop(how)
            #expect(worker.log.contains("Stopping without recording 1 outcome: example.add[\(stuck)]"))
            #expect(try await base.location(of: stuck) != nil)
            broker.setFree()
        }

        @Test func `what is left for the end is tried again, whatever was given up`() async throws {
            var bench = try Bench(.memory)
            let next = bench.message("next")
            let broker = FlakyBroker(base: bench.broker, trouble: Trouble([.publish: 1]))
            let base = bench
            bench.broker = broker
            let log = TaskLog(logger: LogBook().logger)
            let records = Records(broker: broker, store: bench.store, refusals: makeRefusals(log))
            let consumer = try await broker.consumer(of: ["celery"], as: WorkerIdentity(id: "1", name: "test", pid: 1, process: ""))
            let ladder = ShutdownLadder {}
            let recorder = Recorder(
                ConsumerPowers(consumer, bench.store), records, stoppingPatience: .seconds(10), ladder: ladder, log: log, room: Bell(),
                intakeWait: IntakeWait())
            // The worker is to stop, and has given up what was recorded beside its loops.
            ladder.descend(to: .warm)
            await recorder.finish()
            let outcome = Outcome(handle: DeliveryHandle(tag: 1, attempt: 1), results: [], followUps: [next])
            let settlement = await recorder.settle(acknowledged: [outcome])
            #expect(settlement.uncounted.isEmpty)
            #expect(try await base.location(of: next.id) != nil)
        }

        @Test func `nothing more is taken when too much gathers that is not accepted`() async throws {
            var bench = try Bench(.memory)
            try bench.addExample("add")
            let link = Signature(task: "silent", options: [:])
            let example = bench
            try await bench.broker.publish((0..<2_000).map { _ in example.message("example.add", [1, 2], embed: .init(callbacks: [link])) })
            let base = try #require(bench.broker as? MemoryBroker)
            let broker = SilentBroker(base: base, silentOf: ["silent"])
            bench.broker = broker
            let worker = try await bench.start { $0.stoppingPatience = .zero }
            #expect(try await eventually { await worker.worker.isFull })
            let left = try #require(await base.queues().first?.ready)
            #expect(left > 1_000 && left <= 1_500, "\(left)")
            broker.setFree()
            #expect(try await eventually { await base.queues().allSatisfy { $0.ready == 0 } }, "it goes on")
            try await worker.stop()
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

        @Test func `a task that was to be acknowledged before it ran, and could not be, runs when it comes again`() async throws {
            var bench = try Bench()
            try bench.addProgram("count", TaskOptions(acknowledgement: .early), "echo x >> runs")
            bench.broker = ForgetfulBroker(base: bench.broker)
            let ids = [try await bench.send("count"), try await bench.send("count"), try await bench.send("count")]
            let worker = try await bench.start { $0.isBurst = true; $0.prefetch = 10 }
            try await worker.end()
            for id in ids { #expect(try await bench.record(of: id)?.state == .success) }
            #expect(bench.folder.read("runs") == "x\nx\nx\n")
            #expect(worker.log.contains("attempt 1 came too late"))
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
            #expect(try await worker.log.eventuallyContains("came too late; another attempt owns the task"))
            #expect(try await bench.record(of: id) == nil)
            #expect(try await consumer.settle([Outcome(handle: second.handle, results: [])]) == [true])
            try await worker.stop()
        }
    }
}

extension Worker {
    fileprivate var isFull: Bool { get async { await shift?.isFull ?? false } }
}

extension Shift {
    fileprivate var isFull: Bool { recorder.slowCount >= Recorder.slowLimit && jobs.isEmpty }
}

/// Outside of the suites, one of which has the name as well.
private func makeRefusals(_ log: TaskLog) -> Refusals { Refusals(log: log, worker: "test") { .now } }
