import CeleryCore
import Fixtures
import Glibc
import Tasks
import Testing
import Worker

extension WorkerTests {
    @Suite struct Pools {
        /// The child that runs a program is its parent.
        private func children(of bench: Bench, _ count: Int) async throws -> [Int] {
            let messages = (0..<count).map { _ in bench.message("parent") }
            try await bench.broker.publish(messages)
            var children: [Int] = []
            for message in messages { children.append(try await bench.result(of: message.id).value.intValue ?? 0) }
            return children
        }

        @Test func `replaces a child after so many tasks`() async throws {
            var bench = try Bench()
            try bench.addProgram("parent", "echo $PPID")
            let worker = try await bench.start { $0.pool.maxTasksPerChild = 2 }
            let children = try await children(of: bench, 6)
            #expect(children.filter { $0 > 0 }.count == 6)
            #expect(Dictionary(grouping: children) { $0 }.mapValues(\.count).values.sorted() == [2, 2, 2])
            try await worker.stop()
            // That is no accident to be told.
            #expect(!worker.log.contains("Replaced"))
        }

        @Test func `replaces a child that has taken too much memory`() async throws {
            var bench = try Bench()
            try bench.addProgram("parent", "echo $PPID")
            let worker = try await bench.start { $0.pool.maxMemoryPerChild = 1 }
            var parents: Set<Int> = []
            for _ in 0..<3 { parents.formUnion(try await children(of: bench, 1)) }
            #expect(parents.count == 3)
            try await worker.stop()
        }

        @Test func `keeps a child without such bounds`() async throws {
            var bench = try Bench()
            try bench.addProgram("parent", "echo $PPID")
            let worker = try await bench.start()
            #expect(try await Set(children(of: bench, 6)).count == 1)
            try await worker.stop()
        }

        @Test func `grows and shrinks`() async throws {
            var bench = try Bench()
            try bench.addGate()
            let ids = [try await bench.send("wait", "1"), try await bench.send("wait", "2"), try await bench.send("wait", "3")]
            let worker = try await bench.start()
            #expect(try await bench.hasStarted("1"))
            #expect(worker.children.count == 1)
            await worker.worker.grow(by: 2)
            #expect(try await bench.hasStarted("2"))
            #expect(try await bench.hasStarted("3"))
            #expect(worker.children.count == 3)
            await worker.worker.grow(by: -2)
            try bench.openGate()
            for id in ids { #expect(try await bench.result(of: id).value == "waited") }
            #expect(try await eventually { worker.children.count == 1 })
            // Never below one.
            await worker.worker.grow(by: -5)
            #expect(try await bench.result(of: bench.send("wait", "4")).value == "waited")
            #expect(try await eventually { worker.children.count == 1 })
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `a slow task does not hold up short ones behind it`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate()
            try bench.addExample("add")
            let slow = bench.message("wait", ["1"])
            let short = (0..<20).map { bench.message("example.add", [.int($0), 0]) }
            try await bench.broker.publish([slow] + short)
            let worker = try await bench.start(children: 2) { $0.prefetch = 20 }
            for message in short { #expect(try await bench.result(of: message.id).attempt == 1) }
            #expect(try await bench.record(of: slow.id)?.state.isReady != true)
            try bench.openGate()
            #expect(try await bench.result(of: slow.id).value == "waited")
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `what stands behind slow tasks goes to other workers`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate()
            try bench.addExample("add")
            let slow = bench.message("wait", ["1"])
            let short = (0..<5).map { bench.message("example.add", [.int($0), 0]) }
            try await bench.broker.publish([slow] + short)
            let busy = try await bench.start { $0.prefetch = 20 }
            #expect(try await bench.hasStarted("1"))
            let other = try await bench.start()
            for message in short { #expect(try await bench.result(of: message.id).attempt == 1) }
            #expect(try await bench.record(of: slow.id)?.state.isReady != true)
            try bench.openGate()
            #expect(try await bench.result(of: slow.id).attempt == 1)
            try await busy.stop()
            try await other.stop()
        }

        @Test func `children that cannot be executed end the worker`() async throws {
            let bench = try Bench()
            let worker = try await bench.start { $0.pool.executable = "/no/such/program" }
            await #expect {
                try await worker.end()
            } throws: { error in
                "\(error)" == "the pool failed: cannot start a pool child: cannot run /no/such/program: no such file or directory"
            }
        }

        @Test func `children that die before they are ready end the worker`() async throws {
            let bench = try Bench()
            let worker = try await bench.start(children: 2) { $0.pool.executable = "/bin/false" }
            await #expect {
                try await worker.end()
            } throws: { error in
                let text = "\(error)"
                return text.hasPrefix("the pool failed: pool children die before they are ready; last: pool child ")
                    && text.hasSuffix(" died of exit status 1")
            }
        }

        @Test func `a pool that has worked outlives children that die before they are ready`() async throws {
            var bench = try Bench()
            try bench.addExample("add")
            let example = BuiltProgram("celery-example").path
            let program = try bench.folder.program("child", "#!/bin/sh\n[ ! -e '\(bench.folder.file("broken"))' ] || exit 3\nexec '\(example)' \"$@\"\n")
            let worker = try await bench.start(children: 2) {
                $0.pool.executable = program
                $0.pool.maxTasksPerChild = 1
            }
            #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3)
            try bench.folder.write("", to: "broken")
            let ids = [try await bench.send("example.add", 1, 1), try await bench.send("example.add", 2, 2)]
            #expect(try await worker.log.eventuallyContains("died of exit status 3 before it was ready; 0 of 2 children are running"))
            unlink(bench.folder.file("broken"))
            for id in ids { #expect(try await bench.result(of: id).state == .success) }
            #expect(try await bench.result(of: bench.send("example.add", 3, 4)).value == 7)
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `a pool that cannot replace a child goes on with the others, and is whole again when it can`(
            _ backing: Backing
        ) async throws {
            var bench = try Bench(backing)
            try bench.addGate()
            try bench.addExample("crash", TaskOptions(crashLimit: 1))
            try bench.addExample("add")
            let program = bench.folder.file("child")
            symlink(BuiltProgram("celery-example").path, program)
            let worker = try await bench.start(children: 2) { $0.pool.executable = program }
            unlink(program)
            #expect(try await bench.result(of: bench.send("example.crash")).state == .failure)
            #expect(try await worker.log.eventuallyContains("cannot start a pool child: cannot run \(program): no such file or directory; 1 of 2 children are running"))
            #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3)
            #expect(worker.children.count == 1)
            symlink(BuiltProgram("celery-example").path, program)
            #expect(try await eventually { worker.children.count == 2 })
            try await worker.stop()
        }
    }
}
