import CeleryCore
import Fixtures
import Glibc
import Tasks
import Testing
import Wire
import Worker

extension WorkerTests {
    @Suite struct Failure {
        @Test(arguments: Backing.allCases)
        func `records what a Swift task throws`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("divide")
            let worker = try await bench.start()
            let id = try await bench.send("example.divide", 1, 0)
            let result = try await bench.result(of: id)
            #expect(result.state == .failure)
            #expect(result.failure == TaskFailure(type: "Divide.DivisionByZero", arguments: ["cannot divide 1.0 by zero"], module: "Example"))
            #expect(result.traceback == "example.divide[\(id)], attempt 1:\nDivide.DivisionByZero: cannot divide 1.0 by zero\n")
            #expect(result.value == nil)
            try await worker.stop()
            #expect(worker.log.contains("error: Task example.divide[\(id)] raised exception: Divide.DivisionByZero: cannot divide 1.0 by zero"))
        }

        @Test func `records wrong arguments`() async throws {
            var bench = try Bench()
            try bench.addExample("add")
            let worker = try await bench.start()
            let id = try await bench.send("example.add", "two", 3)
            #expect(try await bench.result(of: id).failure?.type == "TypeError")
            #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3)
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `records how a program ended`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addProgram("fail", "echo partial; echo why >&2; exit 3")
            try bench.addProgram("die", "kill -SEGV $$")
            let worker = try await bench.start()
            let failed = try await bench.result(of: bench.send("fail"))
            #expect(failed.state == .failure)
            #expect(failed.failure == .exited(status: 3, task: "fail"))
            #expect(failed.traceback == "why\n")
            #expect(failed.errorOutput == "why\n")
            #expect(try await bench.result(of: bench.send("die")).failure == .signaled(Int(SIGSEGV), task: "die"))
            try await worker.stop()
            #expect(worker.log.contains("info: fail["))
        }

        @Test func `records that a program cannot be started`() async throws {
            var bench = try Bench()
            try bench.addProgram("gone", "echo never")
            unlink(bench.folder.file("gone"))
            let worker = try await bench.start()
            let failure = try #require(try await bench.result(of: bench.send("gone")).failure)
            #expect((failure.type, failure.module) == ("OSError", "builtins"))
            #expect(failure.arguments == [.int(Int64(ENOENT)), .string("cannot run \(bench.folder.file("gone")): no such file or directory")])
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `a child that dies is replaced, and its task tried again within its crash limit`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("crash", TaskOptions(crashLimit: 2))
            try bench.addExample("add")
            let worker = try await bench.start()
            let id = try await bench.send("example.crash")
            let result = try await bench.result(of: id)
            #expect(result.state == .failure)
            #expect(result.failure?.type == "WorkerLostError")
            #expect(result.failure?.message.hasSuffix("(attempt 2, not tried again)") == true)
            #expect(result.attempt == 2)
            // The pool is whole again.
            #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3)
            try await worker.stop()
            #expect(worker.log.contains("interrupted in attempt 1"))
            #expect(worker.log.lines.count { $0.contains("Replaced 1 dead pool worker: pool child") } >= 1)
        }

        @Test func `what stood behind a task that crashed is run all the same`() async throws {
            var bench = try Bench()
            try bench.addExample("crash", TaskOptions(crashLimit: 1))
            try bench.addExample("add")
            var messages = (0..<10).map { bench.message("example.add", [.int($0), 0]) }
            messages.insert(bench.message("example.crash"), at: 3)
            try await bench.broker.publish(messages)
            let worker = try await bench.start { $0.prefetch = 20 }
            for message in messages {
                let result = try await bench.result(of: message.id)
                #expect(result.state == (message.task == "example.crash" ? .failure : .success))
                #expect(result.attempt == 1)
            }
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `refuses what it does not know and what has expired`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            var expired = bench.message("example.add", [1, 2])
            expired.expires = .now + .seconds(-1)
            let unknown = bench.message("example.subtract", [1, 2])
            var damaged = bench.message("example.add")
            damaged.body.bytes = Array("[[1, 2".utf8)
            try await bench.broker.publish([expired, unknown, damaged])
            let worker = try await bench.start()
            let revoked = try await bench.result(of: expired.id)
            #expect(revoked.state == .revoked)
            #expect(revoked.failure == .revoked("expired"))
            let failed = try await bench.result(of: unknown.id)
            #expect(failed.state == .failure)
            #expect(failed.failure == .notRegistered("example.subtract"))
            #expect(try await bench.result(of: damaged.id).failure?.type == "InvalidTaskError")
            try await worker.stop()
            #expect(worker.log.contains("error: Task example.subtract[\(unknown.id)] not run: no task of this name is registered here"))
        }
    }

    @Suite struct Retry {
        @Test(arguments: Backing.allCases)
        func `tries a Swift task again until it works`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("unsteady", TaskOptions(maxRetries: 5))
            let worker = try await bench.start()
            let id = try await bench.send("example.unsteady", 2)
            let result = try await bench.result(of: id)
            #expect(result.value == "worked after 2 retries")
            #expect(result.retries == 2)
            #expect(result.attempt == 3)
            try await worker.stop()
            #expect(worker.log.contains("info: Task example.unsteady[\(id)] retry 1 in 0.05s: "))
        }

        @Test(arguments: Backing.allCases)
        func `fails of the cause when no retries are left`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("unsteady", TaskOptions(maxRetries: 2))
            let worker = try await bench.start()
            let result = try await bench.result(of: bench.send("example.unsteady", 99))
            #expect(result.state == .failure)
            #expect(result.failure?.type == "Unsteady.NotYet")
            #expect(result.retries == 2)
            #expect(result.attempt == 3)
            try await worker.stop()
        }

        @Test func `a program asks for a retry by status 75`() async throws {
            var bench = try Bench()
            let options = TaskOptions(maxRetries: 2, retryDelay: .milliseconds(50))
            try bench.addProgram("third", options, "echo try $CELERY_TASK_RETRIES >&2; test $CELERY_TASK_RETRIES = 2 || exit 75; echo $CELERY_ATTEMPT")
            try bench.addProgram("never", options, "echo still not >&2; exit 75")
            let worker = try await bench.start()
            #expect(try await bench.result(of: bench.send("third")).value == 3)
            let exhausted = try await bench.result(of: bench.send("never"))
            #expect(exhausted.failure == .exited(status: 75, task: "never"))
            #expect(exhausted.traceback == "still not\n")
            #expect(exhausted.retries == 2)
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `says RETRY while it waits`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addProgram("later", TaskOptions(retryDelay: .seconds(3_600)), "exit 75")
            let worker = try await bench.start()
            let id = try await bench.send("later")
            #expect(try await eventually { try await bench.record(of: id)?.state == .retry })
            #expect(try await eventually { try await bench.location(of: id)?.state == .retry })
            let record = try #require(try await bench.record(of: id))
            #expect(record.failure?.message == "Retry in 3600s: later returned exit status 75")
            #expect(record.dateDone == nil)
            let eta = try #require(try await bench.location(of: id)?.eta)
            #expect(eta - .now > .seconds(3_500))
            try await worker.stop()
        }

        @Test func `the message overrides the options of the task`() async throws {
            var bench = try Bench()
            try bench.addProgram("never", TaskOptions(maxRetries: 50), "exit 75")
            var message = bench.message("never")
            message.headers = ["max_retries": 1, "retry_delay": 0.01]
            try await bench.broker.publish([message])
            let worker = try await bench.start()
            #expect(try await bench.result(of: message.id).retries == 1)
            try await worker.stop()
        }
    }
}
