import CeleryCore
import Fixtures
import Synchronization
import Tasks
import Testing
@testable import Worker

extension WorkerTests {
    /// How calls end that their servers do not end.
    @Suite struct EndingCalls {
        /// A server that holds its answers until the gate opens.
        private struct Held {
            let server: ScriptedHTTPServer
            private let gate = Gate()

            private final class Gate: Sendable {
                let isOpen = Mutex(false)
            }

            init() throws {
                server = try ScriptedHTTPServer { [gate] _, _ in
                    _ = eventually { gate.isOpen.withLock { $0 } }
                    return .json("\"waited\"")
                }
            }

            func open() { gate.isOpen.withLock { $0 = true } }

            func hasStarted(_ count: Int = 1) async throws -> Bool { try await eventually { server.requests.count >= count } }
        }

        @Test(arguments: [true, false])
        func `a call ends at its limits`(isSoft: Bool) async throws {
            let server = try ScriptedHTTPServer { _, _ in .silence }
            var bench = try Bench()
            // Until then the server must have read the request.
            var options = TaskOptions(timeLimit: isSoft ? .seconds(50) : .seconds(3))
            if isSoft { options.softTimeLimit = .seconds(3) }
            try bench.addCall(server, options)
            let worker = try await bench.start()
            let result = try await bench.result(of: try await bench.send("call"))
            #expect(result.failure == (isSoft ? .softTimeLimitExceeded(3) : .timeLimitExceeded(3)))
            #expect(server.requests.first?.headers["celery-deadline"] != nil)
            try await worker.stop()
        }

        @Test func `a server that says nothing is given up after its timeout, and asked again`() async throws {
            let server = try ScriptedHTTPServer { _, number in number == 1 ? .silence : .json("1") }
            var section = HTTPTaskSection(name: "call", place: "", address: try HTTPAddress("\(server.url)/call"))
            // The second request must be answered within it.
            section.timeout = 3
            var bench = try Bench()
            try bench.registry.register(
                TaskDefinition(name: "call", options: TaskOptions(retryDelay: .zero), kind: .http(HTTPTask(.configured(section))), source: ""))
            let worker = try await bench.start()
            let result = try await bench.result(of: try await bench.send("call"))
            #expect(result.value == 1 && result.retries == 1)
            try await worker.stop()
        }

        @Test func `a call that is terminated ends, and others go on`() async throws {
            let held = try Held()
            var bench = try Bench()
            try bench.addCall(held.server)
            let worker = try await bench.start()
            let ids = [try await bench.send("call"), try await bench.send("call")]
            #expect(try await held.hasStarted(2))
            try await terminate(ids[0], in: bench)
            let result = try await bench.result(of: ids[0])
            #expect(result.state == .revoked && result.failure == .revoked("terminated"))
            held.open()
            #expect(try await bench.result(of: ids[1]).value == "waited")
            try await worker.stop()
        }

        @Test func `a call that waits for others is dropped when it is revoked`() async throws {
            let held = try Held()
            var bench = try Bench()
            try bench.addCall(held.server)
            let worker = try await bench.start { $0.calls.limit = 1 }
            let first = try await bench.send("call")
            #expect(try await held.hasStarted())
            let second = try await bench.send("call")
            try await terminate(second, in: bench)
            #expect(try await bench.result(of: second).state == .revoked)
            held.open()
            #expect(try await bench.result(of: first).value == "waited")
            #expect(held.server.requests.count == 1)
            try await worker.stop()
        }

        private func terminate(_ id: TaskID, in bench: Bench) async throws {
            let now = Timestamp.now
            let revoking = try #require(bench.broker as? any CeleryCore.Revoking)
            let store = bench.store
            _ = try await revoking.revoke(
                [Revocation(.id(id), isTerminating: true, signal: "TERM", issued: now, until: now + .seconds(600))],
                ending: { RevokedTask.outcome(of: $0, attempt: $1, by: "test", now: now) }
            ) { removed in
                if !revoking.endsInto(store) { try await store.store(removed.flatMap(\.outcome.results)) }
            }
        }

        @Test(arguments: Backing.allCases)
        func `a worker that stops finishes its calls, and gives back those that wait`(_ backing: Backing) async throws {
            let held = try Held()
            var bench = try Bench(backing)
            try bench.addCall(held.server)
            let worker = try await bench.start { $0.calls.limit = 1 }
            let first = try await bench.send("call")
            #expect(try await held.hasStarted())
            let second = try await bench.send("call")
            await worker.worker.stop(.warm)
            held.open()
            try await worker.end()
            #expect(try await bench.record(of: first)?.value == "waited")
            #expect(try await bench.record(of: second)?.state.isReady != true)
            #expect(held.server.requests.count == 1)
            let other = try await bench.start { $0.isBurst = true }
            try await other.end()
            let result = try await bench.result(of: second)
            #expect(result.value == "waited" && result.attempt == 1)
        }

        @Test(arguments: Backing.allCases)
        func `a worker that stops at once gives its calls back, and another makes them again`(_ backing: Backing) async throws {
            let held = try Held()
            var bench = try Bench(backing)
            try bench.addCall(held.server)
            let worker = try await bench.start()
            let id = try await bench.send("call")
            #expect(try await held.hasStarted())
            try await worker.stop(.cold)
            held.open()
            let other = try await bench.start { $0.isBurst = true }
            try await other.end()
            let result = try await bench.result(of: id)
            #expect(result.value == "waited" && result.attempt == 2)
            #expect(held.server.requests.map { $0.headers["celery-attempt"] } == ["1", "2"])
        }

        @Test func `the value of a call goes to the tasks that are linked to it`() async throws {
            let server = try ScriptedHTTPServer { _, _ in .json("40") }
            var bench = try Bench()
            try bench.addCall(server)
            try bench.addExample("add")
            let worker = try await bench.start()
            let link = Signature(task: "example.add", args: [2], options: ["task_id": "linked"])
            let message = bench.message("call", embed: .init(callbacks: [link]))
            try await bench.broker.publish([message])
            #expect(try await bench.result(of: TaskID("linked")).value == 42)
            try await worker.stop()
        }
    }
}
