import Brokers
import CeleryCore
import Fixtures
import Foundation
import Glibc
import Tasks
import Testing
import Wire
import Worker

extension WorkerTests {
    /// What operators ask of a worker, with the answers of Python's.
    @Suite struct Control {
        /// Asks the one worker.
        private func ask(_ bench: Bench, _ method: String, _ arguments: JSONObject = [:]) async throws -> JSON {
            let asking = try #require(bench.broker as? any WorkerAsking)
            let answers = try await asking.ask([ControlRequest(method: method, arguments: arguments)], of: .all, within: .seconds(30))
            return try #require(answers.answers[0].first).value
        }

        /// Names and sorts of members, deep down: what a program that reads an answer relies on.
        private func shape(_ value: JSON) -> JSON {
            switch value {
            case .object(let object): .object(JSONObject(object.members.map { ($0.key, shape($0.value)) }))
            case .array(let elements): .array(elements.prefix(1).map(shape))
            case .string: "text"
            case .int, .double, .bigInteger: "number"
            case .bool: "truth"
            case .null: .null
            }
        }

        /// What a worker of Python said.
        private func recorded(_ name: String) throws -> JSON {
            let path = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Golden/pidbox/pidbox-\(name)-reply.json"
            let file = try #require(FileManager.default.contents(atPath: path))
            let text = try JSON(parsing: [UInt8](file))["body_utf8"]?.stringValue ?? ""
            return try #require(try JSON(parsing: Array(text.utf8)).objectValue?.members.first).value
        }

        @Test(arguments: Backing.allCases)
        func `tells of tasks in the shapes of Python's workers`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addGate()
            let worker = try await bench.start()
            let running = try await bench.send("wait", 7)
            #expect(try await bench.hasStarted("7"))
            var later = bench.message("wait", [8])
            later.eta = .now + .seconds(1_000)
            try await bench.broker.publish([later])

            // The child's word of it may be behind what the task does.
            #expect(try await eventually { try await ask(bench, "active").arrayValue?.isEmpty == false })
            let active = try await ask(bench, "active")
            #expect(shape(active) == shape(try recorded("active")))
            try #require(active.arrayValue?.map { $0["id"] } == [.string(running.text)])
            #expect(active.arrayValue?[0]["args"] == [7] && active.arrayValue?[0]["kwargs"] == [:])
            #expect(worker.children.contains(active.arrayValue?[0]["worker_pid"]?.intValue ?? 0))
            #expect(try await ask(bench, "dump_active") == active)
            #expect(try await ask(bench, "reserved") == [])
            let scheduled = try await ask(bench, "scheduled")
            #expect(shape(scheduled) == shape(try recorded("scheduled")))
            #expect(scheduled.arrayValue?.map { $0["request"]?["id"] } == [.string(later.id.text)])
            let found = try await ask(bench, "query_task", ["ids": [.string(running.text), .string(later.id.text), "nope"]])
            #expect(found.objectValue?.mapValues { $0.arrayValue?.first } == [running.text: "active", later.id.text: "scheduled"])
            #expect(try await ask(bench, "query_task", ["ids": .string(running.text)])[running.text]?.arrayValue?.dropFirst().first == active.arrayValue?[0])
            try bench.openGate()
            try await worker.stop()
        }

        @Test(arguments: [false, true])
        func `tells no secret values of arguments, or no arguments at all`(_ leavesOut: Bool) async throws {
            var bench = try Bench()
            try bench.addGate()
            let worker = try await bench.start { $0.redaction = Redaction(leavesOutArguments: leavesOut) }
            let id = try await bench.send("wait", "a", "--token", "hush", kwargs: ["password": "hush", "n": 1])
            #expect(try await eventually { try await ask(bench, "active").arrayValue?.isEmpty == false })
            let found = try await ask(bench, "query_task", ["ids": .string(id.text)])
            for task in [try await ask(bench, "active").arrayValue?.first, found[id.text]?.arrayValue?.last] {
                #expect(task?["args"] == (leavesOut ? JSON.null : ["a", "--token", "***"]))
                #expect(task?["kwargs"] == (leavesOut ? JSON.null : ["password": "***", "n": 1]))
            }
            try bench.openGate()
            #expect(try await bench.result(of: id).state == .success)
            try await worker.stop()
        }

        @Test func `tells of itself in the shapes of Python's workers`() async throws {
            var bench = try Bench()
            try bench.addExample("add", TaskOptions(maxRetries: 7))
            let worker = try await bench.start(children: 2) { configuration in
                configuration.facts.broker = ["hostname": "h"]
                configuration.facts.settings = ["CELERY_BROKER_URL": "amqp://a:********@b//"]
                configuration.facts.allSettings = ["A": 1, "B": 2]
            }
            #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3)
            for name in ["ping", "clock", "hello", "pool_restart"] where name != "pool_restart" && name != "hello" {
                #expect(shape(try await ask(bench, name)) == shape(try recorded(name)), "\(name)")
            }
            #expect(try await ask(bench, "ping") == ["ok": "pong"])
            #expect(try await ask(bench, "hello", ["from_node": "x@y", "revoked": []]).objectValue?.keys.sorted() == ["clock", "revoked"])
            #expect(try await ask(bench, "hello", ["from_node": "celery@test"]) == nil)
            #expect(shape(try await ask(bench, "active_queues")) == shape(try recorded("active_queues")))
            let statistics = try await ask(bench, "stats")
            let expected = try recorded("stats")
            #expect(Set(statistics.objectValue?.keys ?? []) == Set(expected.objectValue?.keys ?? []).subtracting(["autoscaler"]))
            for part in ["rusage", "pool", "pid", "clock", "uptime", "prefetch_count"] {
                #expect(shape(statistics[part] ?? nil) == shape(expected[part] ?? nil), "\(part)")
            }
            #expect(statistics["total"] == ["example.add": 1])
            #expect(Set(statistics["pool"]?["processes"]?.arrayValue?.compactMap(\.intValue) ?? []) == Set(worker.children))
            #expect(statistics["pool"]?["writes"]?["total"] == 1)
            #expect(try await ask(bench, "registered") == ["example.add"])
            #expect(try await ask(bench, "registered", ["taskinfoitems": ["serializer", "max_retries", "_x", "rate_limit"]]) == ["example.add [serializer=json max_retries=7]"])
            #expect(try await ask(bench, "conf", ["with_defaults": false]) == ["CELERY_BROKER_URL": "amqp://a:********@b//"])
            #expect(try await ask(bench, "conf", ["with_defaults": true]) == ["A": 1, "B": 2])
            #expect(try await ask(bench, "report")["ok"]?.stringValue?.contains("CELERY_BROKER_URL") == true)
            #expect(try await ask(bench, "memsample").stringValue?.hasSuffix("B") == true)
            #expect(try await ask(bench, "election", ["id": "1", "topic": "t"]) == nil)
            try await worker.stop()
        }

        @Test(arguments: [
            ("nosuch", [:], "KeyError('nosuch')"),
            ("autoscale", ["max": 3], "ValueError('Autoscale not enabled')"),
            ("add_consumer", [:], #"TypeError("add_consumer() missing 1 required positional argument: 'queue'")"#),
            ("add_consumer", ["queue": 7], #"TypeError("add_consumer() argument 'queue' must be str, not int")"#),
            ("add_consumer", ["queue": "q", "exchange_type": "tree"], "ValueError('unknown exchange type: tree')"),
            ("add_consumer", ["queue": "q", "queue_arguments": [:]], #"TypeError("add_consumer() got an unexpected keyword argument 'queue_arguments'")"#),
            ("cancel_consumer", ["queue": ""], #"ValueError("cancel_consumer() argument 'queue' is empty")"#),
            ("pool_grow", ["n": "many"], #"TypeError("pool_grow() argument 'n' must be int, not str")"#),
            ("pool_grow", ["n": -1], "ValueError('n must be more than 0, not -1')"),
            ("pool_grow", ["n": .int(.max)], "ValueError('the pool has 1 processes; its size must be from 1 to 1000')"),
            ("pool_shrink", ["n": 1], "ValueError('the pool has 1 processes; its size must be from 1 to 1000')"),
            ("pool_restart", ["modules": ["m"]], "ValueError('tasks here are programs; there are no modules to reload')"),
            ("time_limit", ["task_name": "nosuch", "soft": 1], "unknown task"),
            ("time_limit", [:], "unknown task"),
            ("time_limit", ["task_name": "wait", "soft": -1], #"ValueError("time_limit() argument 'soft' must be more than 0")"#),
            ("query_task", [:], #"TypeError("query_task() missing 1 required positional argument: 'ids'")"#),
            ("election", [:], #"TypeError("election() missing 1 required positional argument: 'id'")"#),
            ("conf", ["with_defaults": "x"], #"TypeError("conf() argument 'with_defaults' must be bool, not str")"#),
        ] as [(String, JSONObject, String)])
        func `says what is wrong with a request`(_ method: String, _ arguments: JSONObject, _ error: String) async throws {
            var bench = try Bench()
            try bench.addGate()
            let worker = try await bench.start()
            #expect(try await ask(bench, method, arguments) == ["error": .string(error)])
            #expect(try await ask(bench, "ping") == ["ok": "pong"])
            try await worker.stop()
        }

        @Test func `grows and shrinks the pool, and never ends what runs`() async throws {
            var bench = try Bench()
            try bench.addGate()
            let worker = try await bench.start()
            #expect(try await ask(bench, "pool_grow", ["n": 2]) == ["ok": "pool will grow"])
            #expect(try await eventually { worker.children.count == 3 })
            let ids = try await [bench.send("wait", "a"), bench.send("wait", "b"), bench.send("wait", "c")]
            for name in ["a", "b", "c"] { #expect(try await bench.hasStarted(name)) }
            #expect(try await ask(bench, "pool_shrink", ["n": 2]) == ["ok": "pool will shrink"])
            #expect(try await ask(bench, "stats")["pool"]?["max-concurrency"] == 1)
            #expect(worker.children.count == 3)
            try bench.openGate()
            for id in ids { #expect(try await bench.result(of: id).state == .success) }
            #expect(try await eventually { worker.children.count == 1 })
            try await worker.stop()
        }

        @Test func `replaces every child, after what it runs`() async throws {
            var bench = try Bench()
            try bench.addGate()
            let worker = try await bench.start(children: 2)
            let old = Set(worker.children)
            let id = try await bench.send("wait", "a")
            #expect(try await bench.hasStarted("a"))
            #expect(try await ask(bench, "pool_restart") == ["ok": "reload started"])
            #expect(try await eventually { worker.children.filter { !old.contains($0) }.count == 2 && worker.children.count == 3 })
            try bench.openGate()
            #expect(try await bench.result(of: id).state == .success)
            #expect(try await eventually { worker.children.count == 2 && old.isDisjoint(with: worker.children) })
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `takes from another queue, and no more`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            let worker = try await bench.start()
            #expect(try await ask(bench, "add_consumer", ["queue": "extra"]) == ["ok": "add consumer extra"])
            #expect(try await ask(bench, "active_queues").arrayValue?.map { $0["name"] } == ["celery", "extra"])
            func send() async throws -> TaskID {
                var message = bench.message("example.add", [1, 2])
                message.route.queue = "extra"
                try await bench.broker.publish([message])
                return message.id
            }
            #expect(try await bench.result(of: send()).value == 3)
            #expect(try await ask(bench, "cancel_consumer", ["queue": "extra"]) == ["ok": "no longer consuming from extra"])
            #expect(try await ask(bench, "active_queues").arrayValue?.map { $0["name"] } == ["celery"])
            let id = try await send()
            #expect(try await bench.result(of: bench.send("example.add", 1, 1)).value == 2)
            #expect(try await bench.location(of: id)?.state == .pending)
            #expect(try await ask(bench, "cancel_consumer", ["queue": "never"]) == ["ok": "no longer consuming from never"])
            try await worker.stop()
        }

        @Test func `new time limits are for what begins later`() async throws {
            var bench = try Bench()
            try bench.addGate()
            let worker = try await bench.start(children: 2)
            let old = try await bench.send("wait", "a")
            #expect(try await bench.hasStarted("a"))
            #expect(try await ask(bench, "time_limit", ["task_name": "wait", "soft": nil, "hard": 0.2]) == ["ok": "time limits set successfully"])
            #expect(try await ask(bench, "registered", ["taskinfoitems": ["time_limit"]]) == ["wait [time_limit=0.2]"])
            // It begins later and is ended by the limit, which the other would have reached before.
            let new = try await bench.send("wait", "b")
            #expect(try await bench.result(of: new).failure?.type == "TimeLimitExceeded")
            #expect(try await ask(bench, "active").arrayValue?.compactMap { $0["id"]?.stringValue } == [old.text])
            try bench.openGate()
            #expect(try await bench.result(of: old).state == .success)
            try await worker.stop()
        }

        @Test func `scales with the work, and by remote`() async throws {
            var bench = try Bench()
            try bench.addGate()
            let worker = try await bench.start(children: 1) { configuration in
                configuration.autoscale = AutoscaleRange(most: 3, least: 1)
                configuration.autoscaleKeepalive = .milliseconds(100)
            }
            #expect(worker.children.count == 1)
            let ids = try await ["a", "b", "c", "d"].asyncMap { try await bench.send("wait", .string($0)) }
            #expect(try await eventually { worker.children.count == 3 })
            for name in ["a", "b", "c"] { #expect(try await bench.hasStarted(name)) }
            #expect(try await ask(bench, "stats")["autoscaler"] == ["max": 3, "min": 1, "current": 3, "qty": 3])
            for method in ["pool_grow", "pool_shrink"] {
                #expect(try await ask(bench, method) == ["error": .string("\(method) is not supported with autoscale. Adjust autoscale range instead.")])
            }
            // Fewer at once, and none of those that run ends.
            #expect(try await ask(bench, "autoscale", ["max": 2, "min": 1]) == ["ok": "autoscale now max=2 min=1"])
            #expect(try await ask(bench, "autoscale", ["min": 3]) == ["error": "ValueError('autoscale needs 1 <= min <= max <= 1000, not max=2 min=3')"])
            try bench.openGate()
            for id in ids { #expect(try await bench.result(of: id).state == .success) }
            #expect(try await eventually { worker.children.count == 1 })
            #expect(worker.log.contains("info: Scaling up from 1 to 3 pool children"))
            try await worker.stop()
        }

        @Test func `a shutdown lets what runs finish, and is not answered`() async throws {
            var bench = try Bench()
            try bench.addGate()
            let worker = try await bench.start()
            let id = try await bench.send("wait", "a")
            #expect(try await bench.hasStarted("a"))
            let asking = try #require(bench.broker as? any WorkerAsking)
            try await asking.tell(ControlRequest(method: "shutdown"), to: .all)
            try bench.openGate()
            try await worker.end()
            #expect(try await bench.result(of: id).state == .success)
            #expect(worker.log.contains("warning: Got shutdown from remote"))
        }
    }
}

extension JSONObject {
    fileprivate func mapValues(_ transform: (JSON) -> JSON?) -> [String: JSON?] {
        Dictionary(uniqueKeysWithValues: members.map { ($0.key, transform($0.value)) })
    }
}

extension Sequence {
    /// One after the other.
    fileprivate func asyncMap<Value>(_ make: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await make(element)) }
        return values
    }
}
