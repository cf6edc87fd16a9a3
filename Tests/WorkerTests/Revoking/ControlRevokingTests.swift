import CeleryCore
import Fixtures
import Testing
@testable import Worker

extension WorkerTests {
    /// The words of Python's workers.
    @Suite struct ControlRevoking {
        private func answer(_ worker: RunningWorker, _ method: String, _ arguments: JSONObject = [:]) async -> JSON? {
            await worker.worker.answer(ControlRequest(method: method, arguments: arguments))
        }

        @Test func `revokes by id, and tells which ids are`() async throws {
            var bench = try Bench()
            try bench.addExample("add")
            let worker = try await bench.start()
            let message = bench.message("example.add", [1, 2])
            let id = message.id.text
            #expect(await answer(worker, "revoked") == [])
            #expect(await answer(worker, "revoke", ["task_id": .string(id)]) == ["ok": .string("tasks {'\(id)'} flagged as revoked")])
            #expect(await answer(worker, "revoke", ["task_id": []]) == ["ok": "tasks set() flagged as revoked"])
            #expect(await answer(worker, "revoked") == .array([.string(id)]))
            try await bench.broker.publish([message])
            #expect(try await bench.result(of: message.id).state == .revoked)
            #expect(await answer(worker, "revoke", ["task_id": "x", "terminate": true]) == ["ok": "terminate: tasks unknown"])
            try await worker.stop()
        }

        @Test func `ends what runs`() async throws {
            var bench = try Bench()
            try bench.addGate()
            let worker = try await bench.start(children: 2)
            let (one, two) = (try await bench.send("wait", 1), try await bench.send("wait", 2))
            let (first, second) = (try await bench.hasStarted("1"), try await bench.hasStarted("2"))
            #expect(first && second)
            #expect(
                await answer(worker, "revoke", ["task_id": .array([.string(one.text)]), "terminate": true, "signal": "SIGKILL"])
                    == ["ok": .string("terminate: \(one)")])
            #expect(await answer(worker, "terminate", ["task_id": .string(two.text), "signal": 15]) == ["ok": .string("terminate: \(two)")])
            #expect(try await bench.result(of: one).failure == .revoked("terminated"))
            #expect(try await bench.result(of: two).failure == .revoked("terminated"))
            #expect(worker.log.contains("by signal KILL"))
            try await worker.stop()
        }

        @Test func `revokes by stamped headers`() async throws {
            var bench = try Bench()
            try bench.addExample("add")
            let worker = try await bench.start()
            #expect(
                await answer(worker, "revoke_by_stamped_headers", ["headers": ["batch": ["a", "b"]]])
                    == ["ok": "headers {'batch': ['a', 'b']} flagged as revoked, but not terminated"])
            var message = bench.message("example.add", [1, 2])
            message.headers["stamps"] = ["batch": ["b"]]
            message.headers["stamped_headers"] = ["batch"]
            try await bench.broker.publish([message])
            #expect(try await bench.result(of: message.id).failure == .revoked("revoked"))
            #expect(
                await answer(worker, "revoke_by_stamped_headers", ["headers": ["batch": "c"], "terminate": true])
                    == ["ok": "terminate: tasks unknown"])
            try await worker.stop()
        }

        @Test func `tells a worker that says hello what is revoked, and learns from it`() async throws {
            let worker = try await Bench().start()
            #expect(await answer(worker, "hello", ["from_node": "celery@test"]) == .null)
            #expect(
                await answer(worker, "hello", ["from_node": "w", "revoked": ["b": [1.5, "b"]]]) == ["revoked": ["b"], "clock": 0])
            #expect(await answer(worker, "hello", ["from_node": "w", "revoked": ["a"]])?["revoked"] == ["a", "b"])
            try await worker.stop()
        }
    }
}
