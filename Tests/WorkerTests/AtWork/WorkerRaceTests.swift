import CeleryCore
import Fixtures
import Tasks
import Testing

@testable import Worker

extension WorkerTests {
    /// Orders that come while a worker waits for its broker or store, between taking a message and handing it to the pool.
    @Suite struct Races {
        private func revoke(_ id: TaskID, _ worker: RunningWorker) async {
            _ = await worker.worker.answer(ControlRequest(method: "revoke", arguments: ["task_id": .string(id.text)]))
        }

        @Test func `a task that is revoked while its message is acknowledged does not run`() async throws {
            var bench = try Bench()
            let (store, settling) = (bench.store, HeldMoment())
            bench.broker = HeldBroker(base: bench.broker, settling: settling)
            try bench.addProgram("count", TaskOptions(acknowledgement: .early), "echo x >> runs")
            let worker = try await bench.start()
            let id = try await bench.send("count")
            try await settling.reached()
            await revoke(id, worker)
            settling.end()
            let result = try await bench.result(of: id)
            #expect(result.state == .revoked && result.failure == .revoked("revoked"))
            // A job that the pool had would have been recalled before this one.
            let other = try await bench.send("count")
            #expect(try await bench.result(of: other).state == .success)
            #expect(bench.folder.read("runs") == "x\n")
            #expect(try await store.results(for: [id])[id]?.state == .revoked)
            try await worker.stop()
        }

        @Test func `a task that is revoked while the store is asked whether it has run does not run`() async throws {
            var bench = try Bench()
            let lookup = HeldMoment()
            let store = bench.store
            bench.store = HeldStore(base: store, lookup: lookup)
            try bench.addProgram("count", "echo x >> runs")
            // It had begun with another worker.
            let id = try await bench.send("count")
            let lost = try await bench.broker.consumer(of: ["celery"], as: WorkerIdentity(id: "lost", name: "lost", pid: 1, process: ""))
            try await lost.giveBack(try await lost.take(1).map(\.handle), started: true)
            await lost.close()
            let worker = try await bench.start()
            try await lookup.reached()
            await revoke(id, worker)
            lookup.end()
            let result = try await bench.result(of: id)
            #expect(result.state == .revoked && result.failure == .revoked("revoked"))
            #expect(!bench.folder.contains("runs"))
            try await worker.stop()
        }

        @Test func `a task that is acknowledged early and told to stop before the pool has it goes back to its queue`() async throws {
            var bench = try Bench()
            let (base, settling) = (bench.broker, HeldMoment())
            bench.broker = HeldBroker(base: base, settling: settling)
            try bench.addProgram("count", TaskOptions(acknowledgement: .early), "echo x >> runs")
            let worker = try await bench.start()
            let id = try await bench.send("count")
            try await settling.reached()
            await worker.worker.stop(.warm)
            settling.end()
            try await worker.end()
            #expect(!bench.folder.contains("runs"))
            bench.broker = base
            #expect(try await bench.location(of: id)?.state == .pending)
        }
    }
}
