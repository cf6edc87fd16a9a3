import CeleryCore
import Fixtures
import Glibc
import Processes
import Tasks
import Testing
import Worker

extension WorkerTests {
    @Suite struct Memory {
        private static let limit = TaskOptions(maxMemoryBytes: 64 << 20)
        /// Writes so many megabytes and keeps them.
        private static let eat = "python3 -c 'import sys,time; x=b\"x\"*(int(sys.argv[1])<<20); time.sleep(float(sys.argv[2])); print(\"ate\")'"

        private func isMemoryFailure(_ failure: TaskFailure?) -> Bool {
            guard let failure, failure.type == "MemoryLimitExceeded", failure.arguments.count > 2 else { return false }
            return failure.arguments[1] == .int(64 << 20) && failure.arguments[2].intValue ?? 0 > 64 << 20
        }

        @Test func `kills a program that holds too much, and says so`() async throws {
            var bench = try Bench()
            try bench.addProgram("eat", Self.limit, "exec \(Self.eat) $1 $2")
            let worker = try await bench.start(children: 2)
            let children = worker.children
            let (much, little) = (try await bench.send("eat", 500, 60), try await bench.send("eat", 10, 0.1))
            let result = try await bench.result(of: much)
            #expect(result.state == .failure && isMemoryFailure(result.failure))
            #expect(result.attempt == 1)
            #expect(try await bench.result(of: little).value == "ate")
            // The child that ran it lives.
            #expect(worker.children == children)
            try await worker.stop()
        }

        @Test func `counts all that a program has started, wherever it went`() async throws {
            var bench = try Bench()
            try bench.addProgram("tree", Self.limit, "for i in 1 2 3; do (setsid \(Self.eat) 40 600 & echo $! >$i.pid); done; sleep 600")
            let worker = try await bench.start()
            #expect(isMemoryFailure(try await bench.result(of: bench.send("tree")).failure))
            for name in ["1.pid", "2.pid", "3.pid"] {
                let id = try #require(Int32(bench.folder.read(name)?.dropLast() ?? ""))
                #expect(kill(id, 0) == -1 && errno == ESRCH, "\(name)")
            }
            try await worker.stop()
        }

        @Test func `a program that somebody kills is not one killed for its memory`() async throws {
            var bench = try Bench()
            try bench.addProgram("suicide", Self.limit, "kill -9 $$")
            try bench.addProgram("badly", Self.limit, "exit 9")
            let worker = try await bench.start()
            #expect(try await bench.result(of: bench.send("suicide")).failure == .signaled(9, task: "suicide"))
            #expect(try await bench.result(of: bench.send("badly")).failure == .exited(status: 9, task: "badly"))
            try await worker.stop()
        }

        @Test func `the message's limit comes before the task's, and that before the worker's`() async throws {
            var bench = try Bench()
            try bench.addProgram("own", Self.limit, "exec \(Self.eat) 100 0.3")
            try bench.addProgram("plain", "exec \(Self.eat) 100 0.3")
            let worker = try await bench.start(children: 2) { $0.maxMemoryBytes = 30 << 20 }
            var wide = bench.message("own"), tight = bench.message("plain")
            wide.headers = ["max_memory": .int(500 << 20)]
            tight.headers = ["max_memory": .int(64 << 20)]
            try await bench.broker.publish([wide, tight])
            #expect(try await bench.result(of: wide.id).value == "ate")
            #expect(isMemoryFailure(try await bench.result(of: tight.id).failure))
            #expect(isMemoryFailure(try await bench.result(of: bench.send("own")).failure))
            let other = try await bench.result(of: bench.send("plain")).failure
            #expect(other?.arguments.dropFirst().first == .int(30 << 20))
            try await worker.stop()
        }

        @Test func `kills the child of a Swift task that holds too much, and that is what the task fails of`() async throws {
            var bench = try Bench()
            try bench.addExample("hoard", Self.limit)
            try bench.addExample("add")
            let worker = try await bench.start()
            let children = worker.children
            let id = try await bench.send("example.hoard", 200, 60)
            let result = try await bench.result(of: id)
            #expect(isMemoryFailure(result.failure))
            // At once, and not after as many attempts as children may be lost.
            #expect(result.attempt == 1)
            #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3)
            #expect(Set(worker.children).isDisjoint(with: children))
            #expect(try await bench.result(of: bench.send("example.hoard", 5, 0.1)).value == "had 5 MB")
            try await worker.stop()
            #expect(try await bench.location(of: id) == nil)
            #expect(worker.log.contains("died of too much memory"))
        }

        @Test func `what is killed for its memory or its time is tried again where the task says so`() async throws {
            var bench = try Bench()
            var options = Self.limit
            options.autoretryFor = ["MemoryLimitExceeded", "TimeLimitExceeded"]
            (options.maxRetries, options.retryDelay) = (1, .milliseconds(10))
            try bench.addExample("hoard", options)
            // Of this one alone: to fill its memory the other may take as long.
            options.timeLimit = .milliseconds(400)
            try bench.addExample("wait", options)
            let worker = try await bench.start()
            let hoard = try await bench.result(of: bench.send("example.hoard", 200, 60))
            #expect(isMemoryFailure(hoard.failure))
            #expect((hoard.retries, hoard.attempt) == (1, 2))
            let wait = try await bench.result(of: bench.send("example.wait", 600, kwargs: ["stubborn": true]))
            #expect(wait.failure == .timeLimitExceeded(0.4))
            #expect((wait.retries, wait.attempt) == (1, 2))
            try await worker.stop()
        }

        /// A folder stands in for the kernel's; the program plays the kernel that kills it.
        @Test func `where there are control groups a program runs in its own, and the kernel's word counts`() async throws {
            var bench = try Bench()
            let room = bench.folder.file("groups")
            mkdir(room, 0o755)
            let play = "cp -r groups/celery-task.* seen; echo 'oom_kill 1' >$(echo groups/celery-task.*)/memory.events; echo 70000000 >$(echo groups/celery-task.*)/memory.peak"
            try bench.addProgram("killed", Self.limit, "\(play); kill -9 $$")
            try bench.addProgram("unlimited", "ls groups")
            let worker = try await bench.start { $0.pool.controlGroups = ControlGroupRoom(path: room) }
            #expect(try await bench.result(of: bench.send("unlimited")).value == "")
            let result = try await bench.result(of: bench.send("killed"))
            #expect(result.failure == .memoryLimitExceeded(limit: 64 << 20, peak: 70_000_000))
            #expect(bench.folder.read("seen/memory.max") == "67108864")
            #expect(bench.folder.read("seen/memory.oom.group") == "1")
            #expect(bench.folder.read("seen/cgroup.procs") == "0")
            try await worker.stop()
        }

        @Test func `a room in which no group can be made leaves it to us`() async throws {
            var bench = try Bench()
            try bench.addProgram("eat", Self.limit, "exec \(Self.eat) 500 60")
            let worker = try await bench.start { $0.pool.controlGroups = ControlGroupRoom(path: "/no/such/folder") }
            #expect(isMemoryFailure(try await bench.result(of: bench.send("eat")).failure))
            try await worker.stop()
        }
    }
}
