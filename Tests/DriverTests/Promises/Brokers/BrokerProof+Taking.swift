import CeleryCore
import Fixtures
import Synchronization
import Testing

extension BrokerProof {
    func order() async throws {
        let broker = try fixture.connect()
        try await broker.publish([Message("a"), Message("b", priority: 0), Message("c", priority: 9)])
        try await broker.publish([Message("d", priority: 255), Message("e", priority: 9), Message("f")])
        let worker = try await fixture.worker()
        // Where nine is the highest, what comes first is the older.
        #expect(try await worker.take(2, expecting: 2).names == (Fixture.powers.contains(.widePriorities) ? ["d", "c"] : ["c", "d"]))
        #expect(try await worker.names(expecting: 4) == ["e", "a", "b", "f"])
    }

    func severalQueues() async throws {
        let broker = try fixture.connect()
        try await broker.publish([
            Message("1", queue: "left"), Message("2", queue: "right"), Message("3", queue: "other", priority: 9),
            Message("4", queue: "right", priority: 5), Message("5", queue: "left"), Message("6", queue: "Left"),
        ])
        let worker = try await fixture.worker(of: ["right", "left", "empty"])
        #expect(try await worker.take(3, expecting: 3).names == ["4", "1", "2"])
        #expect(try await worker.names(expecting: 1) == ["5"])
        #expect(try await fixture.worker(of: ["Left", "other"]).names(expecting: 2) == ["3", "6"])
    }

    func queueNamedTwice() async throws {
        try await fixture.connect().publish([Message("a"), Message("b")])
        let worker = try await fixture.worker(of: ["celery", "celery"])
        #expect(try await worker.names(expecting: 2) == ["a", "b"])
        if let knowing = worker.consumer as? any BacklogKnowing { #expect(try await knowing.backlog() == 2) }
    }

    func neverMore() async throws {
        try await fixture.connect().publish((0..<10).map { Message("\($0)") })
        let worker = try await fixture.worker()
        #expect(try await worker.take(0).names == [])
        #expect(try await worker.take(-1).names == [])
        #expect(try await worker.take(1, expecting: 1).names == ["0"])
        #expect(try await worker.take(8, expecting: 8).count == 8)
        #expect(try await worker.take(8, expecting: 1).names == ["9"])
        #expect(try await worker.take(8).names == [])
    }

    func noneTwice() async throws {
        try await fixture.connect().publish((0..<300).map { Message("\($0)", queue: "q\($0 % 2)") })
        var workers: [TestWorker] = []
        for number in 0..<4 { workers.append(try await fixture.worker("w\(number)", of: ["q0", "q1"])) }
        let found = Found()
        let losses = workers.compactMap { ($0.consumer as? any BrokerReporting)?.notices }.map { notices in
            Task { for await notice in notices where notice.isTrouble { found.hasLostConnection.store(true, ordering: .relaxed) } }
        }
        defer { for each in losses { each.cancel() } }
        let end = ContinuousClock.now + Duration.seconds(30).onThisMachine
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in workers {
                for _ in 0..<2 {
                    group.addTask {
                        while true {
                            let deliveries = try await worker.take(7)
                            // Once more when all have come: what comes then has come twice.
                            if deliveries.isEmpty, found.names.withLock({ $0.count }) >= 300 || .now > end { return }
                            found.names.withLock { names in
                                for name in deliveries.names { names[name, default: 0] += 1 }
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let names = found.names.withLock { $0 }
        #expect(names.count == 300)
        // A busy server may end a connection, and the leases with it. Then its messages may come again, and in no other case.
        if names.values.contains(where: { $0 > 1 }) {
            #expect(try await eventually { found.hasLostConnection.load(ordering: .relaxed) }, "\(names.filter { $0.value > 1 })")
        }
    }

    func eta() async throws {
        let due = fixture.clock.now + .seconds(60)
        let broker = try fixture.connect()
        try await broker.publish([
            Message("later", eta: due), Message("past", eta: fixture.clock.now + .seconds(-5)), Message("now", eta: fixture.clock.now),
        ])
        let worker = try await fixture.worker()
        #expect(try await worker.names(expecting: 2) == ["past", "now"])
        fixture.clock.advance(by: .milliseconds(59_999))
        #expect(try await worker.names() == [])
        fixture.clock.advance(by: .milliseconds(1))
        let deliveries = try await worker.takeAll(expecting: 1)
        #expect(deliveries.names == ["later"])
        #expect(deliveries.attempts == [1])
        #expect(deliveries[0].message.eta == due)
    }

    func dueInOrder() async throws {
        let now = fixture.clock.now
        try await fixture.connect().publish([
            Message("a", priority: 1, eta: now + .seconds(20)), Message("b", priority: 5, eta: now + .seconds(10)),
            Message("c", priority: 3), Message("d", queue: "elsewhere", eta: now + .seconds(1)),
        ])
        fixture.clock.advance(by: .seconds(30))
        #expect(try await fixture.worker().names(expecting: 3) == ["b", "c", "a"])
        #expect(try await fixture.worker(of: ["elsewhere"]).names(expecting: 1) == ["d"])
    }
}

/// What several takers have found together.
private final class Found: Sendable {
    /// How often each message came, by its name.
    let names = Mutex<[String: Int]>([:])
    let hasLostConnection = Atomic<Bool>(false)
}
