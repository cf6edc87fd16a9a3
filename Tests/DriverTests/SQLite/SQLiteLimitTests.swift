import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import SQLite
import Testing

/// Limits that count for all workers of a file.
@Suite(.timeLimit(.minutes(3))) struct SQLiteLimitTests {
    private let fixture = SQLiteBrokerFixture()

    private func publish(_ count: Int, _ task: String = "t", queue: String = "celery") async throws {
        try await (fixture.open()).publish((0..<count).map { _ in Message(task, queue: queue) })
    }

    /// Takes, and asks for what may begin.
    private func begin(
        _ worker: TestWorker, _ maximum: Int = 100, rate: RateLimit? = nil, slots: Int? = nil, key: (Delivery) -> String = { _ in "" }
    ) async throws -> [Delivery] {
        let deliveries = try await worker.consumer.take(maximum)
        let keeper = try #require(worker.consumer as? any LimitKeeping)
        let asked = deliveries.filter { $0.message.task != "free" }
        let answers = try await keeper.admit(asked.map {
            ($0.handle, TaskLimit(task: $0.message.task, rate: rate, slots: slots, key: key($0), expires: $0.message.expires))
        })
        return deliveries.filter { $0.message.task == "free" } + zip(asked, answers).compactMap { $1 ? $0 : nil }
    }

    private func settle(_ deliveries: [Delivery], of worker: TestWorker) async throws {
        #expect(try await worker.consumer.settle(deliveries.outcomes).allSatisfy { $0 })
    }

    @Test func `only those that may begin are work for more hands`() async throws {
        try await publish(10)
        try await publish(4, "free")
        try await publish(5, "later", queue: "other")
        let worker = try await fixture.worker()
        let knowing = try #require(worker.consumer as? any WaitingKnowing)
        #expect(knowing.seesWhatIsDue)
        let limits = ["t": TaskLimit(task: "t", slots: 3)]
        #expect(try await knowing.waiting(upTo: 99, within: limits) == 7)
        #expect(try await knowing.waiting(upTo: 99, within: [:]) == 14)
        // Two have a slot.
        let running = try await begin(worker, 2, slots: 3)
        try #require(running.count == 2)
        #expect(try await knowing.waiting(upTo: 99, within: limits) == 5)
        #expect(try await knowing.waiting(upTo: 4, within: limits) == 4)
        // Three stand in line for the only slot, and nobody before them.
        let more = try await begin(worker, 4, slots: 3)
        try #require(more.count == 1)
        #expect(try await knowing.waiting(upTo: 99, within: limits) == 4)
        try await settle([running[0]], of: worker)
        #expect(try await knowing.waiting(upTo: 99, within: limits) == 5)
        try await settle([running[1], more[0]], of: worker)
        #expect(try await knowing.waiting(upTo: 99, within: limits) == 7)
    }

    @Test func `of a task with a rate one is work for more hands, and none before its time`() async throws {
        try await publish(10)
        let worker = try await fixture.worker()
        let knowing = try #require(worker.consumer as? any WaitingKnowing)
        let rate = try #require(RateLimit("6/m"))
        let limits = ["t": TaskLimit(task: "t", rate: rate)]
        #expect(try await knowing.waiting(upTo: 99, within: limits) == 1)
        #expect(try await begin(worker, 1, rate: rate).count == 1)
        #expect(try await knowing.waiting(upTo: 99, within: limits) == 0)
        #expect(try await begin(worker, 3, rate: rate).isEmpty)
        #expect(try await knowing.waiting(upTo: 99, within: limits) == 0)
        fixture.clock.advance(by: .seconds(11))
        #expect(try await knowing.waiting(upTo: 99, within: limits) == 1)
    }

    @Test func `others go by those that wait`() async throws {
        try await publish(50)
        try await publish(5, "free")
        let worker = try await fixture.worker()
        var free = 0
        for _ in 0..<6 { free += try await begin(worker, 10, slots: 1).names.count { $0 == "free" } }
        #expect(free == 5)
        // There is nothing to take: it does not come again and again.
        #expect(try await worker.consumer.take(100).isEmpty)
    }

    @Test func `a wait ends when a slot comes free in another worker, and not before`() async throws {
        try await publish(2)
        let (first, second) = try await (fixture.worker("a"), fixture.worker("b"))
        let running = try await begin(first, slots: 1)
        #expect(try await begin(second, slots: 1).isEmpty)
        let consumer = second.consumer
        let waiting = Task { try await consumer.waitForWork(until: .now + .seconds(30)) }
        try await settle(running, of: first)
        try await promptly("the end of the wait") { try await waiting.value }
        #expect(try await begin(second, slots: 1).count == 1)
    }

    @Test func `slots of a worker that dies come free with its leases`() async throws {
        try await publish(3)
        let (first, second) = try await (fixture.worker("a"), fixture.worker("b"))
        #expect(try await begin(first, slots: 2).count == 2)
        #expect(try await begin(second, slots: 2).isEmpty)
        await fixture.kill(first)
        try await fixture.lookAfterTheDead(second)
        let next = try await begin(second, slots: 2)
        #expect(next.count == 2)
        try await settle(next, of: second)
        // What the dead one had, one attempt on, and what waited.
        let rest = try await begin(second, slots: 2)
        #expect((next + rest).attempts.sorted() == [1, 2, 2])
    }

    @Test func `lines that were erased, and those of a paused queue, keep nobody waiting`() async throws {
        let broker = try fixture.open()
        let worker = try await fixture.worker(of: ["celery", "other"])
        func count(_ table: String) async throws -> Int? {
            try await broker.file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") }
        }
        // More lines than one look goes through.
        try await publish(1_100, "keyed", queue: "other")
        let hour = try #require(RateLimit("1/h"))
        #expect(try await begin(worker, 2_000, rate: hour, slots: 1) { $0.message.id.text }.count == 1)
        #expect(try await count("limit_line") == 1_099)
        try await (worker.consumer as? any LimitKeeping)?.setRate(nil, of: "keyed")
        try await broker.pause("other", QueuePause(since: fixture.clock.now, reason: "test"))
        try await publish(3)
        #expect(try await begin(worker, slots: 1).names == ["t"])
        // And nobody looks again and again for what may not be taken.
        let other = try await fixture.worker("b", of: ["other"])
        #expect(try await other.consumer.take(10).isEmpty)
        let began = ContinuousClock.now
        try await other.consumer.waitForWork(until: .now + .milliseconds(300))
        #expect(ContinuousClock.now - began > .milliseconds(250))
        #expect(try await broker.purge(["other"])["other"] == 1_099)
        #expect(try await count("limit_line") == 1)
        #expect(try await count("limited") == 2)
    }

    @Test func `the rate that options say holds until they change, or an operator says another`() async throws {
        let (hour, second) = (try #require(RateLimit("1/h")), try #require(RateLimit("1/s")))
        func announce(_ worker: TestWorker, _ rate: RateLimit?) async throws {
            try await (worker.consumer as? any LimitKeeping)?.announce(rates: ["t": rate, "plain": nil])
        }
        func interval() async throws -> Double? {
            try await fixture.open().file.read { try Double.fetchOne($0, sql: "SELECT interval FROM rate_limit WHERE task = 't'") }
        }
        let first = try await fixture.worker("a")
        try await announce(first, hour)
        #expect(try await interval() == 3_600)
        try await (first.consumer as? any LimitKeeping)?.setRate(second, of: "t")
        // Another worker with the same options changes nothing.
        try await announce(fixture.worker("b"), hour)
        #expect(try await interval() == 1)
        // One whose options say no rate takes it away, also from what waits.
        try await publish(2)
        #expect(try await begin(first, rate: second, slots: 5).count == 1)
        try await announce(fixture.worker("c"), nil)
        #expect(try await interval() == nil)
        #expect(try await begin(first, slots: 5).count == 1)
    }

    @Test func `what is given back leaves its slot, and comes again as never tried`() async throws {
        try await publish(3)
        let worker = try await fixture.worker()
        var running = try await begin(worker, slots: 1)
        try await worker.consumer.giveBack(running.map(\.handle), started: false)
        var seen: [Delivery] = []
        for _ in 0..<10 {
            running = try await begin(worker, slots: 1)
            #expect(running.count <= 1)
            try await settle(running, of: worker)
            seen += running
        }
        #expect(Set(seen.map(\.message.id)).count == 3)
        #expect(seen.attempts == [1, 1, 1])
    }

    @Test func `what waits for a limit is counted, can be purged and withdrawn, and says what it waits for`() async throws {
        let broker = try fixture.open()
        let messages = [Message("t"), Message("t"), Message("t")]
        try await broker.publish(messages)
        let worker = try await fixture.worker()
        #expect(try await begin(worker, slots: 1).count == 1)
        #expect(try await broker.queues().map(\.ready) == [2])
        // Those that may not begin are not due.
        #expect(try await (worker.consumer as? any BacklogKnowing)?.backlog() == 1)
        #expect(try await broker.limitWait(of: messages[0].id) == nil)
        #expect(try await broker.limitWait(of: messages[2].id) == .slot(task: "t", key: "", of: 1, heldBy: [messages[0].id]))
        #expect(try await broker.withdraw([messages[1].id]) == [messages[1].id])
        #expect(try await broker.purge(nil) == ["celery": 1])
        #expect(try await broker.queues().map(\.ready) == [0])
        #expect(try await worker.consumer.take(10).isEmpty)
    }

    @Test func `a slot outlives its lease for a task that is acknowledged early, until it ends or its worker is gone`() async throws {
        try await publish(4)
        let (first, second) = try await (fixture.worker("a"), fixture.worker("b"))
        func acknowledge(_ deliveries: [Delivery]) async throws {
            let outcomes = deliveries.outcomes.map { outcome in
                var outcome = outcome
                outcome.keepsSlot = true
                return outcome
            }
            #expect(try await first.consumer.settle(outcomes) == [true])
        }
        let running = try await begin(first, slots: 1)
        try await acknowledge(running)
        #expect(try await begin(second, slots: 1).isEmpty)
        // Who works until nothing is left waits for it.
        #expect(try await (second.consumer as? any BacklogKnowing)?.backlog() == 1)
        // It is another's.
        try await (second.consumer as? any LimitKeeping)?.leaveSlots(running.map(\.handle))
        #expect(try await begin(second, slots: 1).isEmpty)
        try await (first.consumer as? any LimitKeeping)?.leaveSlots(running.map(\.handle))
        let next = try await begin(first, slots: 1)
        #expect(next.count == 1)
        try await acknowledge(next)
        #expect(try await begin(second, slots: 1).isEmpty)
        await fixture.kill(first)
        try await fixture.lookAfterTheDead(second)
        #expect(try await begin(second, slots: 1).attempts == [1])
    }

    @Test func `what expires in its line is handed over then, without a token or a slot`() async throws {
        var messages = [Message("t"), Message("t"), Message("t")]
        messages[1].expires = fixture.clock.now + .seconds(5)
        try await (fixture.open()).publish(messages)
        let worker = try await fixture.worker()
        let rate = try #require(RateLimit("6/m"))
        #expect(try await begin(worker, rate: rate, slots: 1).count == 1)
        #expect(try await worker.consumer.take(10).isEmpty)
        fixture.clock.advance(by: .seconds(5.5))
        let expired = try await worker.consumer.take(10)
        #expect(expired.map(\.message.id) == [messages[1].id])
        #expect(try await fixture.open().file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM place") } == 1)
        // Not again, and nobody looks for it.
        #expect(try await worker.consumer.take(10).isEmpty)
        try await settle(expired, of: worker)
        #expect(try await fixture.open().limitWait(of: messages[2].id) != nil)
    }

    @Test func `what expires while a queue is paused keeps nobody busy`() async throws {
        let broker = try fixture.open()
        var messages = [Message("t"), Message("t")]
        messages[1].expires = fixture.clock.now + .seconds(5)
        try await broker.publish(messages)
        let worker = try await fixture.worker()
        #expect(try await begin(worker, slots: 1).count == 1)
        try await broker.pause("celery", QueuePause(since: fixture.clock.now, reason: "test"))
        fixture.clock.advance(by: .seconds(6))
        #expect(try await worker.consumer.take(10).isEmpty)
        let began = ContinuousClock.now
        try await worker.consumer.waitForWork(until: .now + .milliseconds(300))
        #expect(ContinuousClock.now - began > .milliseconds(250))
    }

    @Test func `what is revoked in its line is handed over at once, to one worker, without its turn`() async throws {
        let messages = [Message("t"), Message("t"), Message("t"), Message("u"), Message("u")]
        try await (fixture.open()).publish(messages)
        let (first, second) = try await (fixture.worker("a"), fixture.worker("b"))
        #expect(try await begin(first, slots: 1).names == ["t", "u"])
        let now = fixture.clock.now
        let commands = [
            Revocation(.id(messages[1].id), issued: now, until: now + .seconds(100)),
            // The ids tell the time by the real clock.
            Revocation(.task("u"), issued: .now + .seconds(60), until: now + .seconds(100)),
        ]
        let keepers = [first, second].compactMap { $0.consumer as? any LimitKeeping }
        try #require(keepers.count == 2)
        let handed = try await keepers[0].takeWaiting(commands)
        #expect(handed.map(\.message.id) == [messages[1].id, messages[4].id])
        #expect(handed.attempts == [1, 1])
        #expect(try await keepers[1].takeWaiting(commands).isEmpty)
        try await settle(handed, of: first)
        let rows = try await fixture.open().file.read {
            try (Int.fetchOne($0, sql: "SELECT count(*) FROM limited"), Int.fetchOne($0, sql: "SELECT count(*) FROM limit_line"))
        }
        #expect(rows == (1, 1))
    }

    /// The revocation finds it at a worker, and that worker has it no more.
    @Test func `what was on its way back when it was revoked is handed over at once, to one worker`() async throws {
        let broker = try fixture.open()
        let message = Message("t")
        try await broker.publish([message, Message("t")])
        let (first, second) = try await (fixture.worker("a"), fixture.worker("b"))
        let taken = try await first.consumer.take(1)
        let command = Revocation(.id(message.id), issued: fixture.clock.now, until: fixture.clock.now + .seconds(100))
        let report = try await broker.revoke(
            [command], ending: { _, attempt in Outcome(handle: DeliveryHandle(tag: 0, attempt: attempt), results: []) }, removed: { _ in })
        #expect(report.fates == [message.id: .held])
        let keepers = [first, second].compactMap { $0.consumer as? any LimitKeeping }
        try #require(keepers.count == 2)
        #expect(try await keepers[0].takeWaiting([command]).isEmpty)
        try await first.consumer.giveBack(taken.map(\.handle), started: false)
        let handed = try await keepers[0].takeWaiting([command])
        #expect(handed.map(\.message.id) == [message.id] && handed.attempts == [1])
        #expect(try await keepers[1].takeWaiting([command]).isEmpty)
        try await settle(handed, of: first)
        #expect(try await broker.file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM ready") } == 1)
    }

    @Test func `an unreadable message whose id is revoked is left to be refused, and stops no other`() async throws {
        let broker = try fixture.open()
        let messages = [Message("t"), Message("t")]
        try await broker.publish(messages)
        try await broker.file.write { db in
            try db.execute(sql: "UPDATE message SET headers = '{' WHERE id = ?", arguments: [messages[0].id.text])
        }
        let worker = try await fixture.worker()
        let commands = messages.map { Revocation(.id($0.id), issued: fixture.clock.now, until: fixture.clock.now + .seconds(100)) }
        let keeper = try #require(worker.consumer as? any LimitKeeping)
        #expect(try await keeper.takeWaiting(commands).map(\.message.id) == [messages[1].id])
        let deliveries = try await worker.consumer.take(10)
        #expect(deliveries.map(\.message.id) == [messages[0].id] && deliveries[0].defect != nil)
    }

    @Test func `what is revoked or withdrawn leaves its line at once`() async throws {
        let broker = try fixture.open()
        let messages = [Message("t"), Message("t"), Message("t")]
        try await broker.publish(messages)
        let worker = try await fixture.worker()
        #expect(try await begin(worker, slots: 1).count == 1)
        let now = fixture.clock.now
        let command = Revocation(.id(messages[1].id), issued: now, until: now + .seconds(100))
        _ = try await broker.revoke(
            [command], ending: { _, attempt in Outcome(handle: DeliveryHandle(tag: 0, attempt: attempt), results: []) }, removed: { _ in })
        #expect(try await broker.withdraw([messages[2].id]) == [messages[2].id])
        let rows = try await broker.file.read {
            try (Int.fetchOne($0, sql: "SELECT count(*) FROM limited"), Int.fetchOne($0, sql: "SELECT count(*) FROM limit_line"))
        }
        #expect(rows == (0, 0))
    }

    @Test func `a late attempt of a worker taken for dead frees nobody's slot`() async throws {
        try await publish(2)
        let (first, second) = try await (fixture.worker("a"), fixture.worker("b"))
        let stopped = try await begin(first, slots: 1)
        await fixture.kill(first)
        try await fixture.lookAfterTheDead(second)
        #expect(try await begin(second, slots: 1).count == 1)
        #expect(try await first.consumer.settle(stopped.outcomes) == [false])
        #expect(try await begin(second, slots: 1).isEmpty)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `in any order of events no slot is held twice, and in the end everything has run`(_ seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let queues = ["q", "r"]
        let total = 60
        for number in 0..<total { try await publish(1, "t", queue: queues[number % 2]) }
        var workers: [TestWorker] = []
        for number in 0..<3 { workers.append(try await fixture.worker("w\(number)", of: queues)) }
        var running: [String: [Delivery]] = [:]
        var done: Set<TaskID> = []
        var steps = 0
        while done.count < total, steps < 3_000 {
            steps += 1
            let index = Int.random(in: 0..<workers.count, using: &generator)
            let worker = workers[index]
            let name = worker.identity.name
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<5:
                running[name, default: []] += try await begin(worker, Int.random(in: 1...20, using: &generator), slots: 2) {
                    "\($0.handle.tag % 4)"
                }
            case 5..<8:
                guard let some = running[name]?.popLast() else { continue }
                try await settle([some], of: worker)
                #expect(done.insert(some.message.id).inserted)
            case 8:
                guard let some = running[name]?.popLast() else { continue }
                try await worker.consumer.giveBack([some.handle], started: Bool.random(using: &generator))
            default:
                guard steps.isMultiple(of: 5) else { continue }
                await fixture.kill(worker)
                running[name] = nil
                workers[index] = try await fixture.worker("w\(steps)", of: queues)
                try await fixture.lookAfterTheDead(workers[index])
            }
            let slots = Dictionary(grouping: running.values.flatMap { $0 }) { $0.handle.tag % 4 }
            #expect(slots.values.allSatisfy { $0.count <= 2 })
        }
        #expect(done.count == total)
    }
}
