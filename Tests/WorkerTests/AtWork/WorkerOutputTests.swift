import CeleryCore
import Fixtures
import ResultStores
import Tasks
import Testing
import Worker

extension WorkerTests {
    @Suite struct OutputOfAttempts {
        private func outputs(_ bench: Bench, _ id: TaskID) async throws -> [AttemptOutput] {
            let store = try #require(bench.store as? any OutputKeeping)
            return try await store.outputs(of: id, from: 1)
        }

        private func text(_ output: AttemptOutput, _ stream: TaskOutput.Stream) throws -> String {
            String(decoding: try #require(TaskOutput(decoding: output.content)).bytes(of: stream), as: UTF8.self)
        }

        @Test(arguments: Backing.allCases)
        func `what each attempt wrote is kept, whatever became of it`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addProgram("try", TaskOptions(maxRetries: 1, retryDelay: .zero), """
                echo "attempt $CELERY_ATTEMPT"
                echo "trouble $CELERY_ATTEMPT" >&2
                [ $CELERY_ATTEMPT = 1 ] && exit 75
                exit ${1:-0}
                """)
            let worker = try await bench.start()
            for status in [0, 3] {
                let id = try await bench.send("try", .int(Int64(status)))
                let result = try await bench.result(of: id)
                #expect(result.state == (status == 0 ? .success : .failure))
                #expect(result.standardOutput == (status == 0 ? nil : "attempt 2\n"))
                let outputs = try await outputs(bench, id)
                #expect(outputs.map(\.attempt) == [1, 2])
                #expect(outputs.map(\.isFinal) == [true, true])
                for (index, output) in outputs.enumerated() {
                    #expect(try text(output, .stdout) == "attempt \(index + 1)\n")
                    #expect(try text(output, .stderr) == "trouble \(index + 1)\n")
                }
            }
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `is there while the task runs`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addProgram("slow", TaskOptions(), "echo first; while ! test -e gate; do sleep 0.02; done; echo second")
            let worker = try await bench.start()
            let id = try await bench.send("slow")
            #expect(try await eventually { try await outputs(bench, id).count == 1 })
            let first = try #require(try await outputs(bench, id).first)
            #expect(try text(first, .stdout) == "first\n")
            #expect(!first.isFinal)
            try bench.openGate()
            _ = try await bench.result(of: id)
            let all = try #require(try await outputs(bench, id).first)
            #expect(try text(all, .stdout) == "first\nsecond\n")
            #expect(all.isFinal)
            try await worker.stop()
        }

        @Test func `what was written before a crash of the pool's child is there`() async throws {
            var bench = try Bench(.sqlite)
            try bench.addProgram("crash", TaskOptions(crashLimit: 1), "echo so far; while ! test -e gate; do sleep 0.02; done; kill -9 $PPID; sleep 5")
            let worker = try await bench.start()
            let id = try await bench.send("crash")
            #expect(try await eventually { try await outputs(bench, id).count == 1 })
            try bench.openGate()
            #expect(try await bench.result(of: id).failure?.isLoss == true)
            let output = try #require(try await outputs(bench, id).first)
            #expect(try text(output, .stdout) == "so far\n")
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `the caps hold, and what is left out is counted`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addProgram("chatty", TaskOptions(), "echo begin; yes | head -c 3000000; echo end; yes no | head -c 1000 >&2; sleep 0.6; exit 1")
            let worker = try await bench.start { $0.keptOutputBytes = 5_000 }
            let id = try await bench.send("chatty")
            _ = try await bench.result(of: id)
            let kept = try #require(try await outputs(bench, id).first)
            let output = try #require(TaskOutput(decoding: kept.content))
            #expect(output.bytes(of: .stdout).count == 5_000)
            #expect(output.omitted(of: .stdout) == 3_000_010 - 5_000)
            let text = String(decoding: output.bytes(of: .stdout), as: UTF8.self)
            #expect(text.hasPrefix("begin\ny\n") && text.hasSuffix("y\nend\n"))
            #expect(output.bytes(of: .stderr).count == 1_000)
            #expect(output.omitted(of: .stderr) == 0)
            try await worker.stop()
        }

        @Test func `nothing is kept when it is off, or of a task that writes nothing`() async throws {
            var bench = try Bench(.sqlite)
            try bench.addProgram("loud", TaskOptions(), "echo out; echo err >&2; exit 1")
            try bench.addProgram("silent", TaskOptions(), "exit 0")
            var worker = try await bench.start { $0.keptOutputBytes = 0 }
            let loud = try await bench.send("loud")
            // The end of it stays with the result all the same.
            #expect(try await bench.result(of: loud).standardOutput == "out\n")
            #expect(try await outputs(bench, loud) == [])
            try await worker.stop()
            worker = try await bench.start()
            let silent = try await bench.send("silent")
            _ = try await bench.result(of: silent)
            #expect(try await outputs(bench, silent) == [])
            try await worker.stop()
        }

        @Test func `a Swift task's are the messages of its logger`() async throws {
            var bench = try Bench(.sqlite)
            try bench.addExample("announce")
            let worker = try await bench.start()
            let id = try await bench.send("example.announce", "hello\nworld")
            _ = try await bench.result(of: id)
            let output = try await outputs(bench, id)
            #expect(try output.first.map { try text($0, .stderr) }?.contains("hello\nworld") == true)
            try await worker.stop()
        }

        @Test func `a store that cannot keep output is not sent any`() async throws {
            struct Plain: ForwardingStore {
                let base: any ResultStore
            }
            var bench = try Bench()
            bench.store = Plain(base: bench.store)
            try bench.addProgram("loud", TaskOptions(), "echo out; exit 1")
            let worker = try await bench.start()
            let result = try await bench.result(of: bench.send("loud"))
            #expect(result.standardOutput == "out\n")
            try await worker.stop()
        }
    }

    @Suite struct LogOfTasks {
        @Test func `what a program writes to stderr is in the log once`() async throws {
            var bench = try Bench()
            try bench.addProgram("fail", TaskOptions(), "echo once >&2; echo '  and more' >&2; exit 1")
            try bench.addProgram("again", TaskOptions(maxRetries: 0), "echo retried >&2; exit 75")
            let worker = try await bench.start()
            let id = try await bench.send("fail")
            _ = try await bench.result(of: id)
            _ = try await bench.result(of: bench.send("again"))
            try await worker.stop()
            for words in ["once", "and more", "retried"] { #expect(worker.log.lines.count { $0.contains(words) } == 1, "\(words)") }
            #expect(worker.log.contains("info: fail[\(id)]: once"))
            #expect(worker.log.contains("error: Task fail[\(id)] raised exception: CalledProcessError: fail returned exit status 1"))
        }

        @Test func `each record of the log is one line`() async throws {
            var bench = try Bench()
            try bench.addExample("announce")
            try bench.addExample("divide")
            try bench.addProgram("lines", TaskOptions(), "printf 'a\\nb\\n'; printf 'c\\rd\\n' >&2")
            let worker = try await bench.start()
            let id = try await bench.send("example.announce", "one\ntwo")
            for id in [id, try await bench.send("example.divide", 1, 0), try await bench.send("lines")] { _ = try await bench.result(of: id) }
            try await worker.stop()
            #expect(worker.log.lines.allSatisfy { !$0.contains("\n") && !$0.contains("\r") })
            #expect(worker.log.lines.contains { $0.contains("example.announce[\(id)]: two") })
        }

        @Test func `a Swift task cannot fill the log`() async throws {
            var bench = try Bench()
            try bench.addExample("announce")
            let worker = try await bench.start { $0.logBytesPerTask = 2_000 }
            let id = try await bench.send("example.announce", "word", 200)
            _ = try await bench.result(of: id)
            try await worker.stop()
            let lines = worker.log.lines.filter { $0.contains("example.announce[\(id)]: ") }
            #expect(lines.count < 30)
            #expect(lines.last == "warning: example.announce[\(id)]: ... \(200 - lines.count + 1) more lines are not shown")
        }
    }
}
