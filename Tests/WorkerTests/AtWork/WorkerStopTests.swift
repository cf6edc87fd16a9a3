import CeleryCore
import Fixtures
import Tasks
import Testing
import Worker

extension WorkerTests {
    @Suite struct Stopping {
        @Test(arguments: Backing.allCases)
        func `a burst ends when the queue is empty`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            try bench.addProgram("later", TaskOptions(retryDelay: .seconds(3_600)), "exit 75")
            let ids = [try await bench.send("example.add", 1, 2), try await bench.send("later"), try await bench.send("no.such.task")]
            let worker = try await bench.start { $0.isBurst = true }
            try await worker.end()
            #expect(try await bench.record(of: ids[0])?.state == .success)
            #expect(try await bench.record(of: ids[1])?.state == .retry)
            #expect(try await bench.record(of: ids[2])?.state == .failure)
            // And one with nothing to do.
            try await bench.start { $0.isBurst = true }.end()
        }

        @Test func `a burst waits for what follows from a task that was acknowledged before it ran`() async throws {
            var bench = try Bench()
            try bench.addProgram("first", TaskOptions(acknowledgement: .early), "true")
            try bench.addProgram("second", "echo x >> runs")
            let message = bench.message("first", embed: .init(callbacks: [Signature(task: "second")]))
            try await bench.broker.publish([message])
            let publishing = HeldMoment()
            bench.broker = HeldPublishing(base: bench.broker, publishing: publishing)
            let worker = try await bench.start { $0.isBurst = true }
            try await publishing.reached()
            // It looks for its end ten times a second.
            try await Task.sleep(for: .milliseconds(300))
            publishing.end()
            try await worker.end()
            #expect(bench.folder.read("runs") == "x\n")
        }

        @Test(arguments: Backing.allCases)
        func `stops after so many tasks, and leaves the others as they are`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            let messages = (0..<20).map { bench.message("example.add", [.int($0), 0]) }
            try await bench.broker.publish(messages)
            for run in 1...3 {
                let worker = try await bench.start(children: 2) {
                    $0.maxTasks = 5
                    $0.prefetch = run == 3 ? 10 : 0
                }
                try await worker.end()
                #expect(try await bench.store.results(for: messages.map(\.id)).count == 5 * run)
            }
            let left = try #require(bench.broker as? any MessageLocating)
            let locations = try await left.locate(messages.map(\.id))
            #expect(locations.count == 5)
            #expect(locations.values.allSatisfy { $0.attempt == 0 && $0.state == .pending })
        }

        @Test func `has the broker push no more when it stops, and not only when a task ends`() async throws {
            var bench = try Bench()
            let broker = PushingBroker(base: bench.broker)
            bench.broker = broker
            try bench.addGate()
            try await bench.send("wait", "1")
            let worker = try await bench.start()
            #expect(try await bench.hasStarted("1"))
            #expect(broker.endings == 0)
            await worker.worker.stop(.warm)
            #expect(try await eventually { broker.endings == 1 })
            try bench.openGate()
            try await worker.end()
            #expect(broker.endings == 1)
        }

        @Test func `stops after one slow task`() async throws {
            var bench = try Bench()
            try bench.addGate()
            let (first, second) = (try await bench.send("wait", "1"), try await bench.send("wait", "2"))
            let worker = try await bench.start(children: 2) {
                $0.maxTasks = 1
                $0.prefetch = 10
            }
            #expect(try await bench.hasStarted("1"))
            try bench.openGate()
            try await worker.end()
            #expect(try await bench.record(of: first)?.state == .success)
            #expect(try await bench.location(of: second)?.attempt == 0)
        }

        @Test(arguments: Backing.allCases)
        func `a warm stop that lasts too long gives back what runs`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate()
            let id = try await bench.send("wait", "1")
            let worker = try await bench.start { $0.shutdownTimeout = .milliseconds(100) }
            #expect(try await bench.hasStarted("1"))
            try await worker.stop()
            #expect(worker.log.lines.contains { $0.contains("Shutdown timeout has passed: stopping now; running: wait[\(id)]") })
            #expect(try await bench.location(of: id)?.attempt == 1)
            #expect(try await bench.record(of: id)?.state.isReady != true)
        }

        @Test(arguments: Backing.allCases)
        func `a warm stop finishes what runs and gives back the rest untried`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate()
            try bench.addExample("add")
            let slow = try await bench.send("wait", "1")
            let rest = [try await bench.send("example.add", 1, 1), try await bench.send("example.add", 2, 2)]
            let worker = try await bench.start { $0.prefetch = 10 }
            #expect(try await bench.hasStarted("1"))
            await worker.worker.stop(.warm)
            // They stand in the child's line, which they leave at once; the gate stays shut until then.
            for id in rest { #expect(try await eventually { try await bench.location(of: id)?.state == .pending }) }
            try bench.openGate()
            try await worker.end()
            #expect(try await bench.record(of: slow)?.value == "waited")
            for id in rest {
                #expect(try await bench.record(of: id) == nil)
                #expect(try await bench.location(of: id)?.attempt == 0)
                #expect(try await bench.location(of: id)?.state == .pending)
            }
            #expect(worker.children.isEmpty)
        }

        @Test(arguments: Backing.allCases)
        func `a cold stop gives back everything, and counts what ran`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate()
            try bench.addExample("add")
            let slow = try await bench.send("wait", "1")
            let rest = try await bench.send("example.add", 1, 1)
            let worker = try await bench.start { $0.prefetch = 10 }
            #expect(try await bench.hasStarted("1"))
            try await worker.stop(.cold)
            #expect(worker.children.isEmpty)
            #expect(try await bench.record(of: slow)?.state.isReady != true)
            #expect(try await bench.location(of: slow)?.attempt == 1)
            #expect(try await bench.location(of: rest)?.attempt == 0)
            #expect(worker.log.contains("interrupted in attempt 1"))

            // The next worker finishes the work.
            try bench.openGate()
            try await bench.start { $0.isBurst = true }.end()
            #expect(try await bench.record(of: slow)?.attempt == 2)
            #expect(try await bench.record(of: rest)?.attempt == 1)
        }

        @Test func `a cold stop may follow a warm one`() async throws {
            var bench = try Bench()
            try bench.addGate()
            let slow = try await bench.send("wait", "1")
            let worker = try await bench.start()
            #expect(try await bench.hasStarted("1"))
            await worker.worker.stop(.warm)
            try await worker.stop(.cold)
            #expect(try await bench.location(of: slow)?.attempt == 1)
        }

        @Test(arguments: Backing.allCases)
        func `a worker whose task is cancelled stops warm`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate()
            let slow = try await bench.send("wait", "1")
            let worker = try await bench.start()
            #expect(try await bench.hasStarted("1"))
            worker.cancel()
            try bench.openGate()
            try await worker.end()
            #expect(worker.children.isEmpty)
            #expect(try await bench.record(of: slow)?.value == "waited")
            #expect(try await bench.location(of: slow) == nil)
        }

        @Test func `an idle worker stops at once, and so does one that was told before it began`() async throws {
            let bench = try Bench()
            let worker = try await bench.start()
            try await worker.stop(.warm)
            try await worker.stop(.warm)
            #expect(worker.children.isEmpty)
        }
    }

    @Suite struct Early {
        private let early = TaskOptions(acknowledgement: .early)

        @Test(arguments: Backing.allCases)
        func `acknowledges early where the task wishes it`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate(early)
            let id = try await bench.send("wait", "1")
            let worker = try await bench.start()
            #expect(try await bench.hasStarted("1"))
            #expect(try await bench.location(of: id) == nil)
            try bench.openGate()
            #expect(try await bench.result(of: id).value == "waited")
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `runs it at most once`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("crash", TaskOptions(acknowledgement: .early, crashLimit: 5))
            let worker = try await bench.start()
            let result = try await bench.result(of: bench.send("example.crash"))
            #expect(result.failure?.type == "WorkerLostError")
            #expect(result.attempt == 1)
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `it may still ask for a retry`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("unsteady", TaskOptions(maxRetries: 3, acknowledgement: .early))
            let worker = try await bench.start()
            #expect(try await bench.result(of: bench.send("example.unsteady", 2)).value == "worked after 2 retries")
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `what was acknowledged and never begun is not lost`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate()
            try bench.addExample("add", early)
            let messages = [bench.message("wait", ["1"])] + (0..<3).map { bench.message("example.add", [.int($0), 0]) }
            try await bench.broker.publish(messages)
            let worker = try await bench.start { $0.prefetch = 10 }
            #expect(try await bench.hasStarted("1"))
            // They stand behind a slow task, and go back to the broker one way or the other.
            #expect(
                try await eventually {
                    for message in messages.dropFirst() where try await bench.location(of: message.id) == nil { return false }
                    return true
                })
            async let stopped: Void = worker.stop(.warm)
            try bench.openGate()
            try await stopped
            try await bench.start { $0.isBurst = true }.end()
            for message in messages { #expect(try await bench.record(of: message.id)?.state == .success) }
        }
    }
}
