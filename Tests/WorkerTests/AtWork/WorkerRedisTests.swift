import Brokers
import CeleryCore
import Fixtures
import Redis
import ResultStores
import Tasks
import Testing
import Wire
import Worker

extension WorkerTests {
    /// A worker whose results are in a Redis server.
    @Suite struct RedisResults {
        private let prefix = "worker-\(TaskID())-"

        private func bench(_ server: RedisServer, expires: Double = 600) throws -> Bench {
            let store = try RedisResultStore(
                RedisOptions(ServiceURL(server.url)), RedisResultTerms(expires: expires, keyPrefix: prefix))
            return Bench(broker: MemoryBroker(), store: store)
        }

        private func link(_ server: RedisServer) throws -> RedisLink { RedisLink(try RedisOptions(ServiceURL(server.url))) }

        @Test func `results outlive the absence of their server`() async throws {
            let server = try RedisServer.start(options: ["--aof"])
            var bench = try bench(server)
            try bench.addGate()
            try bench.addProgram("show", TaskOptions(), "echo \"$1\"")
            let worker = try await bench.start(children: 2)
            let early = try await bench.send("show", "early")
            #expect(try await bench.result(of: early).state == .success)
            let late = try await bench.send("wait", "here")
            #expect(try await bench.hasStarted("here"))
            try server.perform("kill")
            try bench.openGate()
            let meanwhile = try await bench.send("show", "meanwhile")
            #expect(try await worker.log.eventuallyContains("cannot record"))
            try server.perform("restart")
            #expect(try await bench.result(of: late).state == .success)
            #expect(try await bench.result(of: meanwhile).state == .success)
            #expect(try await bench.record(of: early)?.state == .success)
            try await worker.stop()
            await bench.store.close()
            try server.perform("stop")
        }

        /// The members of a chord as a Python client sends them, and what it writes before.
        private func members(_ bench: Bench, _ tasks: [(task: String, args: [JSON])], body: Signature, group: String) -> [Message] {
            tasks.enumerated().map { index, each in
                var message = bench.message(each.task, each.args, embed: TaskArguments.Embed(chord: body))
                (message.groupID, message.groupIndex) = (group, index)
                return message
            }
        }

        private func begin(_ group: String, size: Int, _ link: RedisLink) async throws {
            _ = try await link.ask(RedisCommand("SET", .text("\(prefix)celery-taskset-meta-\(group).s"), .number(size), "EX", "600"))
        }

        @Test func `whoever ends the last member of a chord sends the body, once`() async throws {
            let server = try RedisServer.shared
            var bench = try bench(server)
            try bench.addExample("add")
            try bench.addGate()
            try bench.addProgram("show", TaskOptions(), "echo x >> bodies; echo \"$1\"")
            let link = try link(server)
            let (group, body) = (TaskID().text, TaskID())
            let messages = members(
                bench, [("wait", ["here"]), ("example.add", [1, 2]), ("example.add", [3, 4])],
                body: Signature(task: "show", options: ["task_id": .string(body.text)]), group: group)
            try await begin(group, size: 3, link)
            let worker = try await bench.start(children: 2)
            try await bench.broker.publish(messages)
            #expect(try await bench.hasStarted("here"))
            #expect(try await bench.result(of: messages[2].id).value == 7)
            #expect(try await bench.record(of: body) == nil)
            try bench.openGate()
            let result = try await bench.result(of: body)
            #expect(result.value == ["waited", 3, 7] && result.parentID == messages[0].id)
            try await worker.stop()
            #expect(bench.folder.read("bodies") == "x\n")
            let left = try await link.ask(
                RedisCommand(["EXISTS"] + [".j", ".s", ".d", ".t"].map { .text("\(prefix)celery-taskset-meta-\(group)\($0)") }))
            #expect(left == .integer(0))
            await link.close()
            await bench.store.close()
        }

        @Test func `a member that fails fails the body`() async throws {
            let server = try RedisServer.shared
            var bench = try bench(server)
            try bench.addExample("add")
            try bench.addProgram("fail", TaskOptions(), "exit 3")
            try bench.addProgram("show", TaskOptions(), "echo x >> bodies")
            let link = try link(server)
            let (group, body) = (TaskID().text, TaskID())
            let messages = members(
                bench, [("fail", []), ("example.add", [1, 2])], body: Signature(task: "show", options: ["task_id": .string(body.text)]),
                group: group)
            try await begin(group, size: 2, link)
            let worker = try await bench.start()
            try await bench.broker.publish(messages)
            let result = try await bench.result(of: body)
            #expect(result.state == .failure && result.failure?.type == "ChordError")
            #expect(result.failure?.message.contains("Dependency \(messages[0].id) raised") == true)
            try await worker.stop()
            #expect(!bench.folder.contains("bodies"))
            await link.close()
            await bench.store.close()
        }
    }
}
