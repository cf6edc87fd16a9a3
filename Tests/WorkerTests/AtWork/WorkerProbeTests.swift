import Brokers
import CeleryCore
import Fixtures
import Testing
import Wire
import Worker

extension WorkerTests {
    /// Probes of `celery doctor`.
    @Suite struct Probes {
        private func ask(_ bench: Bench, _ method: String, _ arguments: JSONObject) async throws -> JSON {
            let asking = try #require(bench.broker as? any WorkerAsking)
            let answers = try await asking.ask([ControlRequest(method: method, arguments: arguments)], of: .all, within: .seconds(30))
            return try #require(answers.answers[0].first).value
        }

        private func probe(_ queue: String, expires: Timestamp = .now + .seconds(60)) -> Message {
            Probe.message(to: queue, body: BodyCodec.encode(TaskArguments(args: [], kwargs: [:])), expires: expires)
        }

        @Test(arguments: Backing.allCases)
        func `a probe in a queue of its own is consumed and told, and leaves nothing behind`(_ backing: Backing) async throws {
            let bench = try Bench(backing)
            let worker = try await bench.start()
            let asking = try #require(bench.broker as? any WorkerAsking)
            let started = try await asking.ask(
                [ControlRequest(method: "probe", arguments: ["visit": "v", "seconds": 60])], of: .all, within: .seconds(30))
            let answer = try #require(started.answers[0].first)
            #expect(answer.value["time"]?.doubleValue != nil && answer.value["software"]?.stringValue != nil)
            let queue = Probe.queue(of: answer.worker)
            let message = probe(queue)
            try await bench.broker.publish([message])
            #expect(try await eventually { try await ask(bench, "probed", ["ids": [.string(message.id.text)]])["seen"]?[message.id.text] != nil })
            let last = try await ask(bench, "probed", ["ids": [], "done": "v"])
            #expect(last["full"] == false && last["stopping"] == false && last["jobs"] == 0)
            #expect(try await bench.record(of: message.id) == nil)
            // Nobody consumes the queue now.
            let next = probe(queue)
            try await bench.broker.publish([next])
            #expect(try await ask(bench, "probed", ["ids": [.string(next.id.text)]])["seen"] == [:])
            #expect(try await ask(bench, "active_queues", [:]).arrayValue?.compactMap { $0["name"]?.stringValue } == ["celery"])
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `a late probe leaves no result either`(_ backing: Backing) async throws {
            let bench = try Bench(backing)
            let message = probe("celery", expires: Timestamp(seconds: Timestamp.now.seconds - 5))
            try await bench.broker.publish([message])
            let worker = try await bench.start()
            #expect(try await eventually { try await ask(bench, "probed", ["ids": [.string(message.id.text)]])["seen"]?[message.id.text] != nil })
            #expect(try await bench.record(of: message.id) == nil)
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `the queue is consumed until the last of several visits ends`(_ backing: Backing) async throws {
            let bench = try Bench(backing)
            let worker = try await bench.start()
            let asking = try #require(bench.broker as? any WorkerAsking)
            let visits = ["a", "b"].map { ControlRequest(method: "probe", arguments: ["visit": .string($0), "seconds": 60]) }
            let name = try #require(try await asking.ask(visits, of: .all, within: .seconds(30)).answers[1].first).worker
            _ = try await ask(bench, "probed", ["done": "a"])
            // Nobody's visit ends anything.
            _ = try await ask(bench, "probed", ["done": "z"])
            let message = probe(Probe.queue(of: name))
            try await bench.broker.publish([message])
            #expect(try await eventually { try await ask(bench, "probed", ["ids": [.string(message.id.text)]])["seen"]?[message.id.text] != nil })
            try await worker.stop()
        }

        @Test func `a worker without room says so, and consumes the probe afterwards`() async throws {
            var bench = try Bench()
            try bench.addGate()
            let worker = try await bench.start { $0.prefetch = 1 }
            for number in 1...4 { try await bench.send("wait", .int(Int64(number))) }
            #expect(try await bench.hasStarted("1"))
            #expect(try await eventually { try await ask(bench, "probed", [:])["full"] == true })
            try bench.openGate()
            let message = probe("celery")
            try await bench.broker.publish([message])
            #expect(try await eventually { try await ask(bench, "probed", ["ids": [.string(message.id.text)]])["seen"]?[message.id.text] != nil })
            try await worker.stop()
        }
    }
}
