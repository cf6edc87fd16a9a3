import CeleryCore
import Fixtures
import Synchronization
import Tasks
import Testing
import Worker

extension WorkerTests {
    @Suite struct Progress {
        /// Counts the writes of a store, and delays those of running tasks.
        private final class SlowStore: ForwardingStore {
            let base: any ResultStore
            let delay: Duration
            let states = Mutex<[TaskState]>([])

            init(_ base: any ResultStore, delay: Duration = .zero) { (self.base, self.delay) = (base, delay) }

            func store(_ results: [TaskResult]) async throws {
                if results.contains(where: \.state.isUnderway) { try await Task.sleep(for: delay) }
                states.withLock { $0 += results.map(\.state) }
                try await base.store(results)
            }
        }

        @Test(arguments: Backing.allCases)
        func `what a running task says is its result until it ends`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addProgram("copy", TaskOptions(), """
                echo '{"progress": {"current": 3, "total": 4}, "meta": {"rows": 5}}' >&7
                while ! test -e gate; do sleep 0.02; done
                echo copied
                """)
            let worker = try await bench.start()
            let id = try await bench.send("copy")
            #expect(try await eventually { try await bench.record(of: id)?.state == .custom("PROGRESS") })
            let record = try #require(try await bench.record(of: id))
            #expect(record.value == ["current": 3, "total": 4, "rows": 5])
            #expect((record.attempt, record.worker, record.task) == (1, "celery@test", "copy"))
            try bench.openGate()
            let result = try await bench.result(of: id)
            #expect((result.state, result.value, result.meta) == (.success, "copied", ["rows": 5]))
            try await worker.stop()
        }

        @Test func `a Swift task says it by its context`() async throws {
            var bench = try Bench()
            try bench.addExample("count")
            let worker = try await bench.start()
            let id = try await bench.send("example.count", 40)
            #expect(try await eventually {
                try await bench.record(of: id).flatMap { TaskProgress($0) }.map { $0.total == 40 && $0.text == "counting" } ?? false
            })
            let result = try await bench.result(of: id)
            #expect((result.value, result.meta) == (40, ["counted": 40]))
            try await worker.stop()
        }

        @Test func `few writes for much talk, and none after the end`() async throws {
            var bench = try Bench()
            let store = SlowStore(bench.store, delay: .milliseconds(50))
            bench.store = store
            try bench.addProgram("talk", TaskOptions(), """
                n=0
                while test $n -lt 400; do n=$((n + 1)); echo "{\\"progress\\": {\\"current\\": $n}}" >&7; done
                """)
            let worker = try await bench.start(children: 2)
            let start = ContinuousClock.now
            var ids: [TaskID] = []
            for _ in 0..<20 { ids.append(try await bench.send("talk")) }
            for id in ids { #expect(try await bench.result(of: id).state == .success) }
            let seconds = (ContinuousClock.now - start).inSeconds
            try await worker.stop()
            for id in ids { #expect(try await bench.record(of: id)?.state == .success) }
            let states = store.states.withLock { $0 }
            let told = states.count { $0 == .custom("PROGRESS") }
            // Each write is for two children at most.
            #expect(Double(told) <= 2 * (seconds * 4 + 1))
        }

        @Test func `a retry is not hidden by what its attempt said before`() async throws {
            var bench = try Bench()
            bench.store = SlowStore(bench.store, delay: .milliseconds(300))
            try bench.addProgram("again", TaskOptions(), #"echo '{"progress": {"current": 1}, "retry": {"in": 3600, "reason": "later"}}' >&7; sleep 0.1"#)
            let worker = try await bench.start()
            let id = try await bench.send("again")
            #expect(try await eventually { try await bench.record(of: id)?.state == .retry })
            try await worker.stop()
            #expect(try await bench.record(of: id)?.state == .retry)
        }

        @Test func `a task without a result has no progress`() async throws {
            var bench = try Bench()
            let store = SlowStore(bench.store)
            bench.store = store
            try bench.addProgram("quiet", TaskOptions(ignoreResult: true), #"echo '{"progress": {"current": 1}}' >&7; sleep 0.5; touch done"#)
            let worker = try await bench.start()
            try await bench.send("quiet")
            #expect(try await eventually { bench.folder.contains("done") })
            try await worker.stop()
            #expect(store.states.withLock { $0 } == [])
        }
    }
}
