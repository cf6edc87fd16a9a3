import CeleryCore
import Fixtures
import Synchronization
import Tasks
import Testing
import Wire
import Worker

extension WorkerTests {
    @Suite struct Chords {
        private func signature(_ task: String, _ args: [JSON] = [], _ options: JSONObject = [:], id: TaskID) -> Signature {
            var options = options
            options["task_id"] = .string(id.text)
            return Signature(task: task, args: args, options: options)
        }

        /// A task that waits for others, as a client sends it; it does not wait first.
        private func unlock(_ bench: Bench, _ ids: [TaskID], _ body: Signature, _ more: JSONObject = [:]) -> Message {
            var kwargs: JSONObject = ["interval": 0.1, "max_retries": nil, "result": .array(ids.map { [[.string($0.text), nil], nil] })]
            for (name, value) in more.members { kwargs[name] = value }
            var message = bench.message(ChordUnlock.task, ["G", SignatureCodec.json(body)], kwargs)
            message.ignoreResult = true
            return message
        }

        private func header(_ members: [Signature]) -> Signature {
            Signature(task: "celery.group", kwargs: ["tasks": .array(members.map(SignatureCodec.json))], subtaskType: "group")
        }

        @Test(arguments: Backing.allCases)
        func `a body is run with the values of its header`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            try bench.addProgram("show", TaskOptions(), "echo \"$1\"")
            try bench.addGate()
            let slow = bench.message("wait", ["here"]), quick = bench.message("example.add", [1, 2])
            let body = TaskID()
            let unlock = unlock(bench, [slow.id, quick.id], signature("show", id: body))
            let worker = try await bench.start(children: 2)
            try await bench.broker.publish([unlock, slow, quick])
            #expect(try await bench.hasStarted("here"))
            #expect(try await bench.result(of: quick.id).state == .success)
            #expect(try await bench.record(of: body) == nil)
            try bench.openGate()
            let result = try await bench.result(of: body)
            #expect(result.value == ["waited", 3])
            #expect(result.parentID == unlock.id)
            try await worker.stop()
            // It left nothing behind, and was told of once.
            #expect(try await bench.record(of: unlock.id) == nil)
            #expect(try await bench.location(of: unlock.id) == nil)
            #expect(worker.log.lines.filter { $0.contains("Got task from broker: celery.chord_unlock") }.count == 1)
        }

        @Test(arguments: Backing.allCases)
        func `a chain goes through a group to its end`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            try bench.addProgram("count", TaskOptions(), "echo \"$1\" | tr -cd , | wc -c")
            let (sum, last) = (TaskID(), TaskID())
            let group = header([signature("example.add", [10], id: TaskID()), signature("example.add", [20], id: TaskID())])
            let chain = [signature("example.add", [100], id: last), signature("count", id: sum), group]
            let worker = try await bench.start()
            try await bench.broker.publish([bench.message("example.add", [1, 2], embed: .init(chain: chain))])
            #expect(try await bench.result(of: sum).value == 1)
            #expect(try await bench.result(of: last).value == 101)
            try await worker.stop()
        }

        @Test(arguments: Backing.allCases)
        func `a failure in the header is that of the body and of what comes after it`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("add")
            try bench.addExample("divide")
            try bench.addExample("announce")
            let (body, rest, errback) = (TaskID(), TaskID(), TaskID())
            let good = bench.message("example.add", [1, 2]), bad = bench.message("example.divide", [1, 0])
            let options: JSONObject = [
                "chain": [SignatureCodec.json(signature("example.add", id: rest))],
                "link_error": [SignatureCodec.json(signature("example.announce", id: errback))],
            ]
            let worker = try await bench.start()
            try await bench.broker.publish([good, bad, unlock(bench, [good.id, bad.id], signature("example.add", [], options, id: body))])
            let failure = try #require(await bench.result(of: body).failure)
            #expect(failure.type == "ChordError")
            #expect(failure.module == "celery.exceptions")
            #expect(failure.message.hasPrefix("Dependency \(bad.id) raised Divide.DivisionByZero('"))
            #expect(try await bench.result(of: rest).failure == failure)
            #expect(try await bench.result(of: errback).state == .success)
            #expect(worker.log.contains("announcing \(body)"))
            try await worker.stop()
        }

        @Test func `gives up when it may not look again`() async throws {
            let bench = try Bench()
            let body = TaskID()
            let worker = try await bench.start()
            try await bench.broker.publish([unlock(bench, [TaskID()], signature("never", id: body), ["max_retries": 2])])
            #expect(try await bench.result(of: body).failure == TaskFailure(
                type: "ChordError", arguments: ["chord_unlock could not be retried: the maximum number of retries is reached"]))
            try await worker.stop()
        }

        @Test func `needs neither a free child nor a task of that name`() async throws {
            var bench = try Bench()
            try bench.addGate()
            let body = TaskID()
            let done = TaskID()
            try await bench.store.store([TaskResult(id: done, state: .success, value: 1)])
            let worker = try await bench.start { $0.prefetch = 3 }
            try await bench.send("wait", "here")
            #expect(try await bench.hasStarted("here"))
            try await bench.broker.publish([unlock(bench, [done], signature("no.such.task", id: body))])
            #expect(try await bench.result(of: body).failure == .notRegistered("no.such.task"))
            try bench.openGate()
            try await worker.stop()
        }

        @Test func `does not wait where results cannot be looked up`() async throws {
            let bench = try Bench()
            let body = TaskID()
            var deaf = bench
            deaf.store = AnsweringStore(store: bench.store)
            let worker = try await deaf.start()
            try await bench.broker.publish([unlock(bench, [TaskID()], signature("never", id: body))])
            let failure = try #require(await bench.result(of: body).failure)
            #expect(failure.message == "chords need a result store that can look up results of other tasks; answering:// cannot")
            try await worker.stop()
        }

        @Test func `an unlocking that cannot be read fails`() async throws {
            let bench = try Bench()
            let worker = try await bench.start()
            let id = try await bench.send(ChordUnlock.task, "G")
            #expect(try await bench.result(of: id).failure?.type == "InvalidTaskError")
            try await worker.stop()
        }

        @Test func `cleans up expired results when it is asked to`() async throws {
            var bench = try Bench()
            try bench.addExample("announce")
            let store = ExpiringStore(store: bench.store)
            bench.store = store
            let callback = TaskID()
            let message = bench.message(
                "celery.backend_cleanup", embed: .init(callbacks: [Signature(
                    task: "example.announce", args: ["clean"], options: ["task_id": .string(callback.text)], isImmutable: true)]))
            let worker = try await bench.start()
            // Once it has looked by itself, it does not do so again for a while.
            #expect(try await eventually { store.looks.withLock { $0 } == 1 })
            store.expired.withLock { $0 = 2_003 }
            try await bench.broker.publish([message])
            #expect(try await bench.result(of: message.id).state == .success)
            #expect(store.expired.withLock { $0 } == 0)
            #expect(try await bench.result(of: callback).state == .success)
            try await worker.stop()
        }
    }
}

/// A store that has so many expired results.
private final class ExpiringStore: ResultExpiring {
    let store: any ResultStore
    let location = "expiring://"
    let expired = Mutex(0)
    let looks = Mutex(0)

    init(store: any ResultStore) { self.store = store }

    func dropExpired(now: Timestamp, limit: Int) async throws -> Int {
        looks.withLock { $0 += 1 }
        return expired.withLock { left in
            let count = min(left, limit)
            left -= count
            return count
        }
    }

    func store(_ results: [TaskResult]) async throws { try await store.store(results) }
    func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] { try await store.results(for: ids) }
    func forget(_ ids: [TaskID]) async throws -> Int { try await store.forget(ids) }
    func close() async { await store.close() }
}

/// A store that can only send results, as `rpc://` does.
private struct AnsweringStore: ResultAnswering {
    let store: any ResultStore
    let location = "answering://"
    let replyAddress = "nowhere"

    func store(_ results: [TaskResult]) async throws { try await store.store(results) }
    func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] { try await store.results(for: ids) }
    func forget(_ ids: [TaskID]) async throws -> Int { try await store.forget(ids) }
    func close() async { await store.close() }
}
