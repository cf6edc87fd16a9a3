import Brokers
import CeleryCore
import Fixtures
import Memcached
import ResultStores
import Tasks
import Testing
import Wire
import Worker

extension WorkerTests {
    /// A worker whose results are in a Memcached server.
    @Suite struct MemcachedResults {
        private let prefix = "worker-\(TaskID())-"

        private func options(_ server: LocalMemcached) throws -> MemcachedOptions { try MemcachedOptions(ServiceURL(server.url)) }

        private func bench(_ server: LocalMemcached) throws -> Bench {
            let terms = MemcachedResultStore.Terms(expires: 600, keyPrefix: prefix)
            return Bench(broker: MemoryBroker(), store: try MemcachedResultStore(options(server), terms))
        }

        @Test func `results outlive the absence of their server`() async throws {
            let server = try LocalMemcached.start()
            var bench = try bench(server)
            try bench.addGate()
            try bench.addProgram("show", TaskOptions(), "echo \"$1\"")
            let worker = try await bench.start(children: 2)
            let late = try await bench.send("wait", "here")
            #expect(try await bench.hasStarted("here"))
            try server.perform("kill")
            try bench.openGate()
            let meanwhile = try await bench.send("show", "meanwhile")
            #expect(try await worker.log.eventuallyContains("cannot record"))
            try server.perform("restart")
            #expect(try await bench.result(of: late).state == .success)
            #expect(try await bench.result(of: meanwhile).state == .success)
            try await worker.stop()
            await bench.store.close()
            try server.perform("stop")
        }

        @Test func `a result over the server's limit fails its task, with the reason`() async throws {
            let server = try LocalMemcached.start(options: ["--item-size", "1m"])
            var bench = try bench(server)
            try bench.addProgram("long", TaskOptions(), "head -c 2000000 /dev/zero | tr '\\0' x")
            try bench.addProgram("show", TaskOptions(), "echo \"$1\"")
            let worker = try await bench.start()
            let (long, short) = (try await bench.send("long"), try await bench.send("show", "short"))
            #expect(try await bench.result(of: short).value == "short")
            let failure = try await bench.result(of: long)
            #expect(failure.state == .failure && failure.failure?.message.contains("keeps as one value") == true)
            try await worker.stop()
            await bench.store.close()
            try server.perform("stop")
        }

        /// The members of a chord as a Python client sends them, and what it writes before.
        private func begin(
            _ bench: Bench, _ tasks: [(task: String, args: [JSON])], body: TaskID, group: String, _ link: MemcachedLink
        ) async throws -> [Message] {
            let signature = Signature(task: "show", options: ["task_id": .string(body.text)])
            let messages = tasks.enumerated().map { index, each in
                var message = bench.message(each.task, each.args, embed: TaskArguments.Embed(chord: signature))
                (message.groupID, message.groupIndex) = (group, index)
                return message
            }
            let form: JSON = ["result": [[.string(group), nil], .array(messages.map { [[.string($0.id.text), nil], nil] })]]
            _ = try await link.send([
                .set("\(prefix)chord-unlock-\(group)", [0x30], expires: 600),
                .set("\(prefix)celery-taskset-meta-\(group)", form.bytes(style: .python), expires: 600),
            ])
            return messages
        }

        @Test func `whoever ends the last member of a chord sends the body, once`() async throws {
            let server = try LocalMemcached.shared
            var bench = try bench(server)
            try bench.addExample("add")
            try bench.addGate()
            try bench.addProgram("show", TaskOptions(), "echo x >> bodies; echo \"$1\"")
            let link = MemcachedLink(try options(server))
            let (group, body) = (TaskID().text, TaskID())
            let messages = try await begin(
                bench, [("wait", ["here"]), ("example.add", [1, 2]), ("example.add", [3, 4])], body: body, group: group, link)
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
            let left = try await link.values(of: ["\(prefix)chord-unlock-\(group)", "\(prefix)celery-taskset-meta-\(group)"])
            #expect(left.isEmpty)
            await link.close()
            await bench.store.close()
        }

        @Test func `a member that fails fails the body`() async throws {
            let server = try LocalMemcached.shared
            var bench = try bench(server)
            try bench.addExample("add")
            try bench.addProgram("fail", TaskOptions(), "exit 3")
            try bench.addProgram("show", TaskOptions(), "echo x >> bodies")
            let link = MemcachedLink(try options(server))
            let (group, body) = (TaskID().text, TaskID())
            let messages = try await begin(bench, [("fail", []), ("example.add", [1, 2])], body: body, group: group, link)
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
