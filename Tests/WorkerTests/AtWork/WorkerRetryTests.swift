import CeleryCore
import Fixtures
import Tasks
import Testing
import Wire
import Worker

extension WorkerTests {
    @Suite struct Retries {
        private static func options(_ acknowledgement: TaskOptions.Acknowledgement) -> TaskOptions {
            TaskOptions(maxRetries: 2, retryDelay: .milliseconds(20), acknowledgement: acknowledgement, autoretryFor: [7])
        }

        @Test(arguments: Backing.allCases, TaskOptions.Acknowledgement.allCases)
        func `a program is tried again for the status its task names, and fails of the last`(
            _ backing: Backing, _ acknowledgement: TaskOptions.Acknowledgement
        ) async throws {
            var bench = try Bench(backing)
            try bench.addProgram("odd", Self.options(acknowledgement), "echo $CELERY_TASK_RETRIES >>tries; echo no $CELERY_TASK_RETRIES >&2; exit 7")
            try bench.addProgram("other", Self.options(acknowledgement), "exit 8")
            let worker = try await bench.start()
            let id = try await bench.send("odd")
            let result = try await bench.result(of: id)
            #expect(result.failure == .exited(status: 7, task: "odd"))
            #expect(result.traceback == "no 2\n")
            #expect(result.retries == 2)
            #expect(bench.folder.read("tries") == "0\n1\n2\n")
            let other = try await bench.result(of: bench.send("other"))
            #expect(other.failure == .exited(status: 8, task: "other") && other.retries == 0)
            try await worker.stop()
            #expect(try await bench.location(of: id) == nil)
        }

        @Test(arguments: Backing.allCases, TaskOptions.Acknowledgement.allCases)
        func `between its tries a task says why, and outlives its worker`(
            _ backing: Backing, _ acknowledgement: TaskOptions.Acknowledgement
        ) async throws {
            // The next try is due when this clock says so, however long the looks and the stop take.
            let clock = ManualClock(.now)
            var bench = try Bench(backing, clock)
            var options = Self.options(acknowledgement)
            options.retryDelay = .seconds(1)
            try bench.addProgram("once", options, "test $CELERY_TASK_RETRIES = 1 && echo $CELERY_TASK_ID && exit; exit 7")
            let first = try await bench.start()
            let id = try await bench.send("once")
            #expect(try await eventually { try await bench.record(of: id)?.state == .retry })
            let record = try #require(try await bench.record(of: id))
            #expect(record.failure == .retry(in: 1, because: "once returned exit status 7"))
            try await first.stop()
            clock.advance(by: .seconds(2))
            let second = try await bench.start()
            let result = try await bench.result(of: id)
            #expect(result.value == .string(id.text))
            #expect(result.retries == 1)
            try await second.stop()
        }

        @Test(arguments: Backing.allCases)
        func `a Swift task is tried again for the error its message names`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("divide")
            let worker = try await bench.start()
            var message = bench.message("example.divide", [1, 0])
            message.headers = ["autoretry": ["DivisionByZero"], "max_retries": 2, "retry_delay": 0.01]
            try await bench.broker.publish([message])
            let result = try await bench.result(of: message.id)
            #expect(result.failure?.type == "Divide.DivisionByZero")
            #expect(result.retries == 2)
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `the end of the tries is counted from the first`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            var options = TaskOptions(maxRetries: nil, retryDelay: .milliseconds(700), autoretryFor: [7])
            options.retryUntil = .within(.seconds(3))
            try bench.addProgram("odd", options, "exit 7")
            let worker = try await bench.start()
            let result = try await bench.result(of: bench.send("odd"))
            #expect(result.failure == .exited(status: 7, task: "odd"))
            // Four fit into that; on a busy machine fewer do.
            #expect(1...4 ~= result.retries)
            try await worker.stop()
        }
    }
}
