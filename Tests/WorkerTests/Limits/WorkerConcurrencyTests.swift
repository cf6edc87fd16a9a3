import CeleryCore
import Fixtures
import Tasks
import Testing
import Worker

extension WorkerTests {
    /// Rates and slots of tasks, with a real pool.
    @Suite struct Concurrency {
        @Test(arguments: Backing.allCases)
        func `runs no more of a task at once than it allows, and others beside them`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate(TaskOptions(concurrency: 2))
            try bench.addExample("add")
            let worker = try await bench.start(children: 4)
            var ids: [TaskID] = []
            for number in 1...3 { ids.append(try await bench.send("wait", .string("\(number)"))) }
            #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3)
            #expect(try await eventually { bench.folder.contains("started.1") && bench.folder.contains("started.2") })
            #expect(!bench.folder.contains("started.3"))
            try bench.openGate()
            for id in ids { #expect(try await bench.result(of: id).value == "waited") }
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `a task that is acknowledged early has a slot as long as it runs`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate(TaskOptions(acknowledgement: .early, concurrency: 1))
            let worker = try await bench.start(children: 4)
            let first = try await bench.send("wait", "a")
            #expect(try await bench.hasStarted("a"))
            // The broker has it no more.
            #expect(try await bench.location(of: first) == nil)
            let second = try await bench.send("wait", "b")
            let wait = LimitWait.slot(task: "wait", key: "", of: 1, heldBy: [first])
            let reporting = bench.broker as? any LimitReporting
            #expect(try await eventually {
                if let reporting { return try await reporting.limitWait(of: second) == wait }
                return await worker.worker.limitWait(of: second) == wait
            })
            #expect(!bench.folder.contains("started.b"))
            try bench.openGate()
            for id in [first, second] { #expect(try await bench.result(of: id).value == "waited") }
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `what waits for its limit when the worker stops is left for others, as never tried`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate(TaskOptions(concurrency: 1, concurrencyKey: "0"))
            let worker = try await bench.start(children: 4)
            let first = try await bench.send("wait", "a")
            #expect(try await eventually { bench.folder.contains("started.a") })
            let second = try await bench.send("wait", "a")
            let other = try await bench.send("wait", "b")
            #expect(try await eventually { bench.folder.contains("started.b") })
            let wait = LimitWait.slot(task: "wait", key: "a", of: 1, heldBy: [first])
            let reporting = bench.broker as? any LimitReporting
            #expect(try await eventually {
                if let reporting { return try await reporting.limitWait(of: second) == wait }
                return await worker.worker.limitWait(of: second) == wait
            })
            await worker.worker.stop(.warm)
            try bench.openGate()
            for id in [first, other] { #expect(try await bench.result(of: id).value == "waited") }
            try await worker.end()
            let next = try await bench.start(children: 1)
            let result = try await bench.result(of: second)
            #expect(result.value == "waited")
            #expect(result.attempt == 1)
            try await next.stop()
        }

        @Test(arguments: Backing.allCases)
        func `keeps the rate of a task, also of one that has none by the default`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            let worker = try await bench.start(children: 2) { $0.defaultRate = RateSetting("5/s") }
            let start = ContinuousClock.now
            var ids: [TaskID] = []
            for number in 1...6 { ids.append(try await bench.send("example.add", .int(Int64(number)), 1)) }
            for id in ids { #expect(try await bench.result(of: id).state == .success) }
            #expect(ContinuousClock.now - start >= .milliseconds(900))
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `what expires or is revoked while it waits ends at once, and takes nobody's turn`(_ backing: Backing) async throws {
            // Turns come when this clock says so, whatever the machine is about.
            let clock = ManualClock(.now)
            var bench = try Bench(backing, clock)
            try bench.addExample("add", TaskOptions(rateLimit: RateSetting("60/m")))
            let worker = try await bench.start()
            #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3)
            var mortal = bench.message("example.add", [3, 4])
            mortal.expires = clock.now + .seconds(0.5)
            let doomed = bench.message("example.add", [5, 6])
            let last = bench.message("example.add", [7, 8])
            try await bench.broker.publish([mortal, doomed, last])
            let reporting = bench.broker as? any LimitReporting
            #expect(try await eventually {
                if let reporting { return try await reporting.limitWait(of: last.id) != nil }
                return await worker.worker.limitWait(of: last.id) != nil
            })
            // As Python does it, by which only workers know of it.
            let command = ControlRequest(method: "revoke", arguments: ["task_id": .string(doomed.id.text)])
            _ = try await (bench.broker as? any WorkerAsking)?.ask([command], of: .all, within: .seconds(10))
            #expect(try await bench.result(of: doomed.id).failure == .revoked("revoked"))
            clock.advance(by: .seconds(0.6))
            #expect(try await bench.result(of: mortal.id).failure == .revoked("expired"))
            #expect(try await bench.record(of: last.id)?.state.isReady != true)
            // The turn after the first one's.
            clock.advance(by: .seconds(0.5))
            #expect(try await bench.result(of: last.id).value == 15)
            try await worker.stop()
        }

        @Test func `rates can be turned off`() async throws {
            var bench = try Bench()
            try bench.addExample("add", TaskOptions(rateLimit: RateSetting("1/h")))
            let worker = try await bench.start { $0.disablesRates = true }
            for _ in 1...3 { #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3) }
            try await worker.stop()
        }
    }
}
