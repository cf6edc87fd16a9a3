import CeleryCore
import Fixtures
import Glibc
import Tasks
import Testing
import Wire
import Worker

/// Everything about a worker at work, with a real pool.
@Suite(.timeLimit(.minutes(5)), .aFewAtOnce) struct WorkerTests {}

extension WorkerTests {
    @Suite struct Success {
        @Test(arguments: Backing.allCases)
        func `runs a Swift task and records its result`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            let worker = try await bench.start()
            let before = Timestamp.now
            let id = try await bench.send("example.add", 2, kwargs: ["y": 3])
            let result = try await bench.result(of: id)
            #expect(result.state == .success)
            #expect(result.value == 5)
            #expect(result.task == "example.add")
            #expect(result.worker == "celery@test")
            #expect(result.queue == "celery")
            #expect(result.attempt == 1)
            #expect(result.retries == 0)
            #expect(result.failure == nil)
            let (started, done) = (try #require(result.dateStarted), try #require(result.dateDone))
            #expect(before <= started && started <= done && done <= .now)
            try await worker.stop()
            #expect(try await bench.location(of: id) == nil)
            #expect(worker.log.contains("info: Got task from broker: example.add[\(id)]"))
            #expect(worker.log.contains("info: Task example.add[\(id)] processed: 5"))
            #expect(worker.children.isEmpty)
        }

        @Test(arguments: Backing.allCases)
        func `runs a program with arguments, variables and the request`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addProgram(
                "shop.tasks.show",
                """
                printf '%s|' "$@" "$CELERY_TASK_ID" "$CELERY_TASK_NAME" "$CELERY_TASK_RETRIES" "$CELERY_ATTEMPT" "$CELERY_ROOT_ID" "$CELERY_PARENT_ID" "$CELERY_BEAT_ENTRY" "$CELERY_BEAT_DUE"
                pwd
                cat
                """)
            let worker = try await bench.start()
            var message = bench.message("shop.tasks.show", ["a b", 1, nil, [true], ""], ["größe": "XL", "n": 2.5])
            message.parentID = TaskID("parent")
            message.headers = ["mine": 1, "beat_entry": "nightly", "beat_due": "2026-03-01T12:00:00+00:00"]
            try await bench.broker.publish([message])
            let output = try #require(try await bench.result(of: message.id).value.stringValue)
            let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(
                lines.first == "a b|1|null|[true]||--größe|XL|--n|2.5|\(message.id)|shop.tasks.show|0|1|\(message.id)|parent|nightly|2026-03-01T12:00:00+00:00|\(bench.folder.path)")
            let request = try JSON(parsing: Array((lines.last ?? "").utf8))
            #expect(request["args"] == ["a b", 1, nil, [true], ""])
            #expect(request["kwargs"] == ["größe": "XL", "n": 2.5])
            #expect(request["id"] == .string(message.id.text))
            #expect(request["headers"]?["mine"] == 1)
            try await worker.stop()
        }

        @Test(arguments: [("echo '{\"a\": [1, 2.5]}'", ["a": [1, 2.5]]), ("printf 'two\\nlines\\n'", "two\nlines"), (":", "")] as [(String, JSON)])
        func `takes stdout for the return value`(_ script: String, _ value: JSON) async throws {
            var bench = try Bench()
            try bench.addProgram("print", script)
            let worker = try await bench.start()
            #expect(try await bench.result(of: bench.send("print")).value == value)
            try await worker.stop()
        }

        @Test func `tells a Swift task what it should know, and logs what it says`() async throws {
            var bench = try Bench()
            try bench.addExample("announce")
            let worker = try await bench.start {
                $0.pool.environment["CELERY_LOGLEVEL"] = "DEBUG"
                $0.pool.environment["CELERY_LOGFILE"] = "/var/log/x"
            }
            let id = try await bench.send("example.announce", "hello")
            let value = try await bench.result(of: id).value
            #expect(value == [
                "task_id": .string(id.text), "task_name": "example.announce", "retries": "0", "loglevel": "DEBUG", "logfile": "/var/log/x",
            ])
            try await worker.stop()
            #expect(worker.log.contains("info: example.announce[\(id)]: announcing hello"))
        }

        @Test(arguments: Backing.allCases)
        func `runs hundreds of tasks over several children, each once`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            let messages = (0..<400).map { bench.message("example.add", [.int($0), 1]) }
            try await bench.broker.publish(messages)
            let worker = try await bench.start(children: 2) { $0.isBurst = true }
            try await worker.end()
            let results = try await bench.store.results(for: messages.map(\.id))
            #expect(messages.map { results[$0.id]?.value } == (1...400).map { .int($0) })
            #expect(results.values.allSatisfy { $0.attempt == 1 })
        }

        @Test(arguments: Backing.allCases)
        func `runs a task when it is due`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            let worker = try await bench.start()
            var message = bench.message("example.add", [1, 1])
            message.eta = .now + .milliseconds(150)
            try await bench.broker.publish([message])
            let result = try await bench.result(of: message.id)
            #expect(result.value == 2)
            #expect(try #require(result.dateStarted) >= message.eta!)
            try await worker.stop()
        }
    }
}

extension Bench {
    mutating func addProgram(_ name: String, _ script: String) throws { try addProgram(name, TaskOptions(), script) }
}
