import CeleryCore
import Fixtures
import Tasks
import Testing
import Wire
import Worker

extension WorkerTests {
    @Suite struct Workflow {
        private func signature(_ task: String, _ args: [JSON] = [], id: TaskID) -> Signature {
            Signature(task: task, args: args, options: ["task_id": .string(id.text)])
        }

        @Test(arguments: Backing.allCases)
        func `sends the value to what is linked`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            let (callback, never) = (TaskID(), TaskID())
            let message = bench.message(
                "example.add", [1, 2],
                embed: .init(
                    callbacks: [signature("example.add", [10], id: callback)], errbacks: [signature("example.add", [0], id: never)]))
            let worker = try await bench.start()
            try await bench.broker.publish([message])
            let result = try await bench.result(of: callback)
            #expect(result.value == 13)
            #expect(result.parentID == message.id)
            #expect(try await bench.result(of: message.id).children == [[[.string(callback.text), nil], nil]])
            try await worker.stop()
            #expect(try await bench.record(of: never) == nil)
        }

        @Test(arguments: Backing.allCases)
        func `sends the id of what failed to its errbacks`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("divide")
            try bench.addExample("announce")
            let (callback, errback) = (TaskID(), TaskID())
            let embed = TaskArguments.Embed(
                callbacks: [signature("example.announce", id: callback)], errbacks: [signature("example.announce", id: errback)])
            let failing = bench.message("example.divide", [1, 0], embed: embed)
            let worker = try await bench.start()
            try await bench.broker.publish([failing])
            #expect(try await bench.result(of: errback).state == .success)
            #expect(worker.log.contains("announcing \(failing.id)"))
            try await worker.stop()
            #expect(try await bench.record(of: callback) == nil)
        }

        @Test func `errbacks are sent as well for what is never run`() async throws {
            var bench = try Bench()
            try bench.addExample("announce")
            let errback = TaskID()
            let unknown = bench.message("no.such.task", embed: .init(errbacks: [signature("example.announce", id: errback)]))
            let worker = try await bench.start()
            try await bench.broker.publish([unknown])
            #expect(try await bench.result(of: errback).state == .success)
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `runs a chain to its end`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            let (second, third) = (TaskID(), TaskID())
            // The next step stands last.
            let chain = [signature("example.add", [100], id: third), signature("example.add", [10], id: second)]
            let message = bench.message("example.add", [1, 2], embed: .init(chain: chain))
            let worker = try await bench.start()
            try await bench.broker.publish([message])
            #expect(try await bench.result(of: third).value == 113)
            #expect(try await bench.result(of: second).value == 13)
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `what can never run shares the failure of the chain`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            try bench.addExample("divide")
            try bench.addExample("crash", TaskOptions(crashLimit: 1))
            let worker = try await bench.start()
            for (task, args) in [("example.divide", [1, 0]), ("example.crash", []), ("no.such.task", [])] as [(String, [JSON])] {
                let (second, third) = (TaskID(), TaskID())
                let chain = [signature("example.add", [100], id: third), signature("example.add", [10], id: second)]
                let message = bench.message(task, args, embed: .init(chain: chain))
                try await bench.broker.publish([message])
                let failure = try await bench.result(of: message.id).failure
                #expect(failure != nil)
                for heir in [second, third] {
                    let result = try await bench.result(of: heir)
                    #expect(result.state == .failure)
                    #expect(result.failure == failure)
                    #expect(result.task == "example.add")
                }
            }
            try await worker.stop()
        }

        @Test func `nothing follows a task that is tried again`() async throws {
            var bench = try Bench()
            try bench.addExample("unsteady", TaskOptions(maxRetries: 5))
            try bench.addExample("announce")
            let callback = TaskID()
            let message = bench.message(
                "example.unsteady", [2], embed: .init(callbacks: [signature("example.announce", id: callback)]))
            let worker = try await bench.start()
            try await bench.broker.publish([message])
            #expect(try await bench.result(of: callback).state == .success)
            try await worker.stop()
            #expect(worker.log.lines.filter { $0.contains("announcing") }.map { $0.hasSuffix("announcing worked after 2 retries") } == [true])
        }

        @Test(arguments: Backing.allCases)
        func `keeps no result where none is wanted, but every failure`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add", TaskOptions(ignoreResult: true))
            try bench.addExample("divide", TaskOptions(ignoreResult: true))
            var kept = bench.message("example.add", [1, 2])
            kept.ignoreResult = false
            var dropped = bench.message("example.fetch", [[]])
            dropped.ignoreResult = true
            try bench.addExample("fetch")
            let messages = [bench.message("example.add", [1, 2]), bench.message("example.divide", [1, 0]), kept, dropped]
            try await bench.broker.publish(messages)
            let worker = try await bench.start { $0.isBurst = true }
            try await worker.end()
            let states = try await bench.store.results(for: messages.map(\.id)).mapValues(\.state)
            #expect(messages.map { states[$0.id] } == [nil, .failure, .success, nil])
            #expect(worker.log.contains("processed: 3"))
        }

        @Test func `keeps no result when the worker keeps none`() async throws {
            var bench = try Bench()
            try bench.addExample("add")
            let id = try await bench.send("example.add", 1, 2)
            let worker = try await bench.start {
                $0.isBurst = true
                $0.ignoreResult = true
            }
            try await worker.end()
            #expect(try await bench.record(of: id) == nil)
            #expect(try await bench.location(of: id) == nil)
        }
    }
}
