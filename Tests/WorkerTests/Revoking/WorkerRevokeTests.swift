import CeleryCore
import Fixtures
import Glibc
import Tasks
import Testing
@testable import Worker

extension WorkerTests {
    @Suite struct Revoking {
        private func revoke(
            _ bench: Bench, _ ids: TaskID..., terminate: Bool = false, signal: String = "TERM"
        ) async throws {
            let now = Timestamp.now
            let revoking = try #require(bench.broker as? any CeleryCore.Revoking)
            let store = bench.store
            _ = try await revoking.revoke(
                ids.map { Revocation(.id($0), isTerminating: terminate, signal: signal, issued: now, until: now + .seconds(600)) },
                ending: { RevokedTask.outcome(of: $0, attempt: $1, by: "test", now: now) }
            ) { removed in
                if !revoking.endsInto(store) { try await store.store(removed.flatMap(\.outcome.results)) }
            }
        }

        @Test(arguments: Backing.allCases)
        func `runs no task that was revoked before it was submitted`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            let message = bench.message("example.add", [1, 2])
            try await revoke(bench, message.id)
            let worker = try await bench.start()
            try await bench.broker.publish([message])
            let result = try await bench.result(of: message.id)
            #expect(result.state == .revoked && result.failure == .revoked("revoked"))
            #expect(try await eventually { try await bench.location(of: message.id) == nil })
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `a task that waits behind another in the worker is dropped, and the other goes on`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate()
            let worker = try await bench.start { $0.prefetch = 4 }
            let running = try await bench.send("wait", 1)
            #expect(try await bench.hasStarted("1"))
            // Behind the other, or back at the broker because that one is slow.
            let waiting = try await bench.send("wait", 2)
            try await revoke(bench, waiting, running)
            let result = try await bench.result(of: waiting)
            #expect(result.failure == .revoked("revoked"))
            // Without being told to end, what runs ends as it would.
            try bench.openGate()
            #expect(try await bench.result(of: running).value == "waited")
            #expect(!bench.folder.contains("started.2"))
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `ends a program with all it has started`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addProgram("tree", "setsid sleep 600 & echo $! > pids; sleep 600 & echo $! >> pids; echo $$ >> pids; touch up; wait")
            let worker = try await bench.start()
            let id = try await bench.send("tree")
            #expect(try await eventually { bench.folder.contains("up") })
            try await revoke(bench, id, terminate: true)
            let result = try await bench.result(of: id)
            #expect(result.state == .revoked && result.failure == .revoked("terminated"))
            let pids = bench.folder.read("pids")?.split(separator: "\n").compactMap { Int32($0) } ?? []
            #expect(pids.count == 3)
            #expect(try await eventually { pids.allSatisfy { kill($0, 0) == -1 } })
            #expect(worker.log.contains("revoked: terminated by signal TERM"))
            try await worker.stop()
        }

        @Test func `sends the signal that is asked for, and waits for what the program makes of it`() async throws {
            var bench = try Bench()
            try bench.addProgram("polite", "trap 'touch interrupted; exit 0' INT; touch up; while :; do sleep 0.02; done")
            let worker = try await bench.start()
            let id = try await bench.send("polite")
            #expect(try await eventually { bench.folder.contains("up") })
            try await revoke(bench, id, terminate: true, signal: "INT")
            #expect(try await bench.result(of: id).failure == .revoked("terminated"))
            #expect(bench.folder.contains("interrupted"))
            try await worker.stop()
        }

        @Test func `kills a program that does not heed the signal`() async throws {
            var bench = try Bench()
            try bench.addProgram("deaf", "trap '' TERM; touch up; while :; do sleep 0.02; done")
            let worker = try await bench.start()
            let id = try await bench.send("deaf")
            #expect(try await eventually { bench.folder.contains("up") })
            try await revoke(bench, id, terminate: true)
            #expect(try await bench.result(of: id).failure == .revoked("terminated"))
            try await worker.stop()
        }

        @Test func `ends a Swift task with its child, and what stood behind it runs in another`() async throws {
            var bench = try Bench()
            try bench.addExample("wait")
            try bench.addExample("add")
            let worker = try await bench.start { $0.prefetch = 4 }
            let children = worker.children
            let id = try await bench.send("example.wait", 600, kwargs: ["stubborn": true])
            #expect(try await eventually { await worker.worker.answer(ControlRequest(method: "active"))?.arrayValue?.count == 1 })
            let behind = try await bench.send("example.add", 1, 2)
            try await revoke(bench, id, terminate: true)
            #expect(try await bench.result(of: id).failure == .revoked("terminated"))
            let result = try await bench.result(of: behind)
            #expect(result.value == 3 && result.attempt == 1)
            #expect(Set(worker.children).isDisjoint(with: children))
            try await worker.stop()
        }

        @Test func `a stubborn task is ended though one that came after it is to be ended, too`() async throws {
            var bench = try Bench()
            try bench.addExample("wait")
            let worker = try await bench.start { $0.prefetch = 4 }
            let id = try await bench.send("example.wait", 600, kwargs: ["stubborn": true])
            #expect(try await eventually { await worker.worker.answer(ControlRequest(method: "active"))?.arrayValue?.count == 1 })
            let behind = try await bench.send("example.wait", 600)
            for each in [id, behind] { try await revoke(bench, each, terminate: true) }
            #expect(try await bench.result(of: id).failure == .revoked("terminated"))
            #expect(try await bench.result(of: behind).state == .revoked)
            try await worker.stop()
        }

        /// Most are told to end about when they end by themselves: each of them is revoked or has succeeded. Some are
        /// told while they surely run. Those behind them in the same child, which nobody revoked, all succeed at the
        /// first attempt.
        @Test(arguments: [true, false])
        func `never hits the next task of the same child`(_ isSwift: Bool) async throws {
            var bench = try Bench()
            try bench.addExample("wait")
            try bench.addProgram("short", "sleep $1")
            let worker = try await bench.start(children: 2) { $0.prefetch = 20 }
            func message(_ seconds: Double) -> Message { bench.message(isSwift ? "example.wait" : "short", [.double(seconds)]) }
            func runs(_ id: TaskID) async -> Bool {
                let active = await worker.worker.answer(ControlRequest(method: "active"))?.arrayValue ?? []
                return active.contains { $0["id"]?.stringValue == id.text && $0["time_start"]?.doubleValue != nil }
            }
            var revoked: [TaskID] = []
            var spared: [TaskID] = []
            var hit: [TaskID] = []
            for round in 0..<40 {
                // Every eighth is one that ends only when it is told to.
                let isLong = round % 8 == 0
                let victims = [message(isLong ? 600 : 0.002), message(Double(round % 5) / 1_000)]
                let others = (0..<6).map { message(Double($0 % 5) / 1_000) }
                try await bench.broker.publish(victims + others)
                if isLong {
                    #expect(try await eventually { await runs(victims[0].id) })
                    hit.append(victims[0].id)
                } else {
                    try await Task.sleep(for: .milliseconds(round % 8))
                }
                for victim in victims { try await revoke(bench, victim.id, terminate: true) }
                revoked += victims.map(\.id)
                spared += others.map(\.id)
            }
            var states: [TaskState: Int] = [:]
            for id in revoked {
                let result = try await bench.result(of: id)
                states[result.state, default: 0] += 1
                if result.state == .revoked { #expect(["revoked", "terminated"].contains(result.failure?.message)) }
                // It ends only for being told to; the order may overtake the child's begin, and then takes the job back.
                if hit.contains(id) { #expect(result.state == .revoked) }
            }
            #expect(Set(states.keys).isSubset(of: [.revoked, .success]), "\(states)")
            #expect(states[.revoked, default: 0] >= hit.count && hit.count == 5)
            for id in spared {
                let result = try await bench.result(of: id)
                #expect(result.state == .success && result.attempt == 1, "\(result)")
            }
            try await worker.stop()
        }

        @Test func `a task that expires while it waits in the worker's line is not begun`() async throws {
            // Broker and worker think it is an hour ago, and hand on what has expired by the time of the pool's child.
            var bench = try Bench(.memory, ManualClock(.now + .seconds(-3_600)))
            try bench.addGate()
            let worker = try await bench.start { $0.prefetch = 4 }
            try await bench.send("wait", 1)
            #expect(try await bench.hasStarted("1"))
            var message = bench.message("wait", [2])
            message.expires = .now + .seconds(-1)
            try await bench.broker.publish([message])
            // It may stand in the line of the child, or be back at the broker because that child is slow: the worker has let it pass.
            try bench.openGate()
            let result = try await bench.result(of: message.id)
            #expect(result.state == .revoked && result.failure == .revoked("expired"))
            #expect(!bench.folder.contains("started.2"))
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `gives back what it has not begun of a queue that is paused, and runs it once that is resumed`(
            _ backing: Backing
        ) async throws {
            var bench = try Bench(backing)
            try bench.addGate()
            let pausing = try #require(bench.broker as? any QueuePausing)
            let worker = try await bench.start { $0.prefetch = 4 }
            let running = try await bench.send("wait", 1)
            #expect(try await bench.hasStarted("1"))
            // Behind the other, or back at the broker because that one is slow.
            let waiting = try await bench.send("wait", 2)
            try await pausing.pause("celery", QueuePause(since: .now, reason: "test"))
            #expect(try await eventually { try await bench.location(of: waiting)?.state == .pending })
            #expect(try await worker.log.eventuallyContains("Queue celery is paused: test"))
            try bench.openGate()
            #expect(try await bench.result(of: running).value == "waited")
            #expect(try await bench.location(of: waiting)?.attempt == 0)
            _ = try await pausing.resume("celery")
            let result = try await bench.result(of: waiting)
            #expect(result.value == "waited" && result.attempt == 1)
            try await worker.stop()
        }
    }
}
