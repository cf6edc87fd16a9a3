import CeleryCore
import Fixtures
import Tasks
import Testing
import Wire
import Worker

extension WorkerTests {
    /// What can never be sent, or never be stored.
    @Suite struct Refusals {
        private static let closed: @Sendable (Message) -> DriverError? = { message in
            message.route.queue == "closed" ? DriverError(.refused, "queue closed takes nothing") : nil
        }

        private func signature(_ id: TaskID, queue: String = "closed", _ options: JSONObject = [:]) -> Signature {
            var options = options
            options["task_id"] = .string(id.text)
            options["queue"] = .string(queue)
            return Signature(task: "example.add", args: [1], options: options)
        }

        private static let reason = "the worker could not send it: queue closed takes nothing"

        @Test func `a callback that can never be sent fails, with what was to come after it`() async throws {
            var bench = try Bench()
            try bench.addExample("add")
            try bench.addExample("announce")
            bench.broker = PickyBroker(base: bench.broker, fault: Self.closed)
            let (callback, rest, errback) = (TaskID(), TaskID(), TaskID())
            let chain: JSON = ["task": "example.add", "options": ["task_id": .string(rest.text)], "kwargs": [:], "args": []]
            let tell: JSON = ["task": "example.announce", "options": ["task_id": .string(errback.text)], "kwargs": [:], "args": []]
            let link = signature(callback, ["chain": [chain], "link_error": [tell], "reply_to": "there"])
            let message = bench.message("example.add", [1, 2], embed: .init(callbacks: [link]))
            let worker = try await bench.start()
            try await bench.broker.publish([message])
            for id in [callback, rest] {
                let result = try await bench.result(of: id)
                #expect(result.state == .failure)
                #expect(result.failure == TaskFailure(type: "OperationalError", arguments: [.string(Self.reason)], module: "kombu.exceptions"))
            }
            #expect(try await bench.result(of: message.id).value == 3)
            #expect(try await bench.result(of: errback).state == .success)
            try await worker.stop()
            #expect(worker.log.contains("error: Task example.add[\(callback)] cannot be sent: queue closed takes nothing"))
            #expect(worker.log.lines.count { $0.contains("cannot be sent") } == 1)
            #expect(!worker.log.contains("cannot record"))
        }

        @Test func `the others of a batch are sent once, and settled`() async throws {
            var bench = try Bench()
            try bench.addExample("add")
            let broker = PickyBroker(base: bench.broker, fault: Self.closed)
            bench.broker = broker
            let callbacks = (0..<40).map { _ in TaskID() }
            var messages: [Message] = []
            for (index, id) in callbacks.enumerated() {
                let link = signature(id, queue: index % 10 == 3 ? "closed" : "celery")
                messages.append(bench.message("example.add", [1, 2], embed: .init(callbacks: [link])))
            }
            try await bench.broker.publish(messages)
            let worker = try await bench.start { $0.isBurst = true }
            try await worker.end()
            for (index, id) in callbacks.enumerated() {
                #expect(try await bench.record(of: id)?.state == (index % 10 == 3 ? .failure : .success))
                #expect(broker.asked[id] <= 2)
            }
            for message in messages { #expect(try await bench.record(of: message.id)?.value == 3) }
            #expect(worker.log.lines.count { $0.contains("cannot be sent") } == 4)
        }

        @Test(arguments: Backing.allCases)
        func `what the broker has already is passed over without a word`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            let twin = TaskID()
            var waiting = bench.message("example.add", [5, 5])
            waiting.id = twin
            waiting.eta = .now + .seconds(3_600)
            try await bench.broker.publish([waiting])
            let message = bench.message("example.add", [1, 2], embed: .init(callbacks: [signature(twin, queue: "celery")]))
            let worker = try await bench.start()
            try await bench.broker.publish([message])
            #expect(try await bench.result(of: message.id).value == 3)
            try await worker.stop()
            #expect(try await bench.record(of: twin) == nil)
            #expect(try await bench.location(of: twin) != nil)
            #expect(!worker.log.lines.contains { $0.hasPrefix("error") })
        }

        @Test func `a task whose next try cannot be sent fails`() async throws {
            var bench = try Bench()
            try bench.addExample("unsteady", TaskOptions(maxRetries: 5))
            try bench.addExample("add")
            let broker = PickyBroker(base: bench.broker) { $0.retries > 0 ? DriverError(.refused, "the headers take 200000 bytes") : nil }
            bench.broker = broker
            let next = TaskID()
            let message = bench.message("example.unsteady", [2], embed: .init(chain: [signature(next, queue: "celery")]))
            let others = (0..<10).map { _ in bench.message("example.add", [1, 2]) }
            try await bench.broker.publish(others + [message])
            let worker = try await bench.start()
            for id in [message.id, next] {
                let result = try await bench.result(of: id)
                #expect(result.state == .failure)
                #expect(result.failure?.message == "the worker could not send its next try: the headers take 200000 bytes")
            }
            for other in others { #expect(try await bench.result(of: other.id).value == 3) }
            try await worker.stop()
            #expect(try await bench.location(of: message.id) == nil)
            #expect(worker.log.contains("error: Task example.unsteady[\(message.id)] cannot be sent for its retry: the headers take 200000 bytes"))
        }

        @Test func `the same for one that was acknowledged early`() async throws {
            var bench = try Bench()
            try bench.addExample("unsteady", TaskOptions(maxRetries: 5, acknowledgement: .early))
            bench.broker = PickyBroker(base: bench.broker) { $0.retries > 0 ? DriverError(.refused, "no more of it") : nil }
            let id = try await bench.send("example.unsteady", 2)
            let worker = try await bench.start()
            let result = try await bench.result(of: id)
            #expect(result.failure?.message == "the worker could not send its next try: no more of it")
            try await worker.stop()
        }

        @Test func `a result that can never be stored is dropped, and others are kept`() async throws {
            var bench = try Bench()
            try bench.addExample("add")
            let store = bench.store
            var messages = (0..<20).map { _ in bench.message("example.add", [1, 2]) }
            messages[7].id = TaskID("amq.x")
            bench.store = PickyStore(base: store) { $0.id.text == "amq.x" ? DriverError(.refused, "no queue may be called so") : nil }
            try await bench.broker.publish(messages)
            let worker = try await bench.start { $0.isBurst = true }
            try await worker.end()
            #expect(worker.log.contains("error: Result of example.add[amq.x] cannot be stored and is dropped: no queue may be called so"))
            for message in messages where message.id.text != "amq.x" {
                #expect(try await bench.record(of: message.id)?.value == 3)
            }
            #expect(try await bench.location(of: TaskID("amq.x")) == nil)
        }

        @Test func `a value that can never be stored becomes a failure`() async throws {
            var bench = try Bench()
            try bench.addExample("add")
            bench.store = PickyStore(base: bench.store) { $0.value == 3 ? DriverError(.refused, "larger than 128 MB") : nil }
            let id = try await bench.send("example.add", 1, 2)
            let worker = try await bench.start()
            let result = try await bench.result(of: id)
            #expect(result.state == .failure)
            #expect(result.failure?.message == "the worker could not store the result: larger than 128 MB")
            try await worker.stop()
        }

        @Test func `a task that lost its process and cannot go back to its queue fails`() async throws {
            var bench = try Bench()
            try bench.addExample("crash", TaskOptions(crashLimit: 2))
            bench.broker = PickyBroker(base: bench.broker) { _ in nil }
            let id = try await bench.send("example.crash")
            let worker = try await bench.start()
            let failure = try await bench.result(of: id).failure
            #expect(failure?.message == "the worker could not send its next try: the headers take 200000 bytes")
            try await worker.stop()
            #expect(try await bench.location(of: id) == nil)
        }
    }
}
