import Brokers
import CeleryCore
import Fixtures
import ResultStores
import Tasks
import Testing
import Wire
import Worker

extension WorkerTests {
    /// A worker that counts the members of a chord together with Python's workers.
    @Suite struct CountedChords {
        private let prefix = "worker-\(TaskID())-"

        private func bench(_ counter: ChordCounter) throws -> Bench { Bench(broker: MemoryBroker(), store: try counter.store(prefix: prefix)) }

        /// The members of a chord as a Python client sends them.
        private func members(_ bench: Bench, _ tasks: [(task: String, args: [JSON])], body: TaskID, group: String) -> [Message] {
            let signature = Signature(task: "show", options: ["task_id": .string(body.text)])
            return tasks.enumerated().map { index, each in
                var message = bench.message(each.task, each.args, embed: TaskArguments.Embed(chord: signature))
                (message.groupID, message.groupIndex) = (group, index)
                return message
            }
        }

        @Test(arguments: ChordCounter.allCases)
        func `whoever ends the last member of a chord sends the body, once`(_ counter: ChordCounter) async throws {
            var bench = try bench(counter)
            try bench.addExample("add")
            try bench.addGate()
            try bench.addProgram("show", TaskOptions(), "echo x >> bodies; echo \"$1\"")
            let (group, body) = (TaskID().text, TaskID())
            let messages = members(bench, [("wait", ["here"]), ("example.add", [1, 2]), ("example.add", [3, 4])], body: body, group: group)
            try await counter.begin(group, messages, prefix: prefix)
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
            #expect(try await !counter.hasLeft(group, prefix: prefix))
            await bench.store.close()
        }

        @Test(arguments: ChordCounter.allCases)
        func `a member that fails fails the body`(_ counter: ChordCounter) async throws {
            var bench = try bench(counter)
            try bench.addExample("add")
            try bench.addProgram("fail", TaskOptions(), "exit 3")
            try bench.addProgram("show", TaskOptions(), "echo x >> bodies")
            let (group, body) = (TaskID().text, TaskID())
            let messages = members(bench, [("fail", []), ("example.add", [1, 2])], body: body, group: group)
            try await counter.begin(group, messages, prefix: prefix)
            let worker = try await bench.start()
            try await bench.broker.publish(messages)
            let result = try await bench.result(of: body)
            #expect(result.state == .failure && result.failure?.type == "ChordError")
            #expect(result.failure?.message.contains("Dependency \(messages[0].id) raised") == true)
            try await worker.stop()
            #expect(!bench.folder.contains("bodies"))
            await bench.store.close()
        }
    }
}
