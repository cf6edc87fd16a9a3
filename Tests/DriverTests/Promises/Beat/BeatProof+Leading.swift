import CeleryCore
import Fixtures
import Testing

extension BeatProof {
    func oneLeads() async throws {
        let beats = [try await fixture.beat("a"), try await fixture.beat("b"), try await fixture.beat("c")]
        let state = try await beats[1].takeTheLead()
        #expect(state.leader?.id == beats[1].identity.id)
        #expect(state.leader?.name == "b")
        #expect(state.leader?.pid == 4711)
        for _ in 0..<3 {
            #expect(try await beats[0].seat.lead() == nil)
            #expect(try await beats[1].seat.lead() == state)
            #expect(try await beats[2].seat.lead() == nil)
        }
        for beat in beats { await beat.seat.close() }
    }

    /// All at once want to lead, again and again.
    func staysLeader() async throws {
        let beats = try await (0..<5).asyncMap { try await fixture.beat("\($0)") }
        var leaders: Set<String> = []
        for _ in 0..<20 {
            let leading = try await withThrowingTaskGroup(of: String?.self) { group in
                for beat in beats { group.addTask { try await beat.seat.lead() == nil ? nil : beat.identity.id } }
                return try await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
            }
            #expect(leading.count <= 1)
            leaders.formUnion(leading)
            fixture.clock.advance(by: .milliseconds(500))
        }
        #expect(leaders.count == 1)
        for beat in beats { await beat.seat.close() }
    }

    func closing() async throws {
        let (first, second) = (try await fixture.beat("first"), try await fixture.beat("second"))
        _ = try await first.takeTheLead()
        #expect(try await second.seat.lead() == nil)
        // What is on its way to it already wakes it too.
        await second.seat.waitForChange(until: .now + .milliseconds(100))
        #expect(try await second.seat.lead() == nil)
        let wake = ContinuousClock.now + .seconds(60)
        let wait = Task { await second.seat.waitForChange(until: wake) }
        await first.seat.close()
        await wait.value
        #expect(.now < wake)
        #expect(try await second.takeTheLead().leader?.name == "second")
        await second.seat.close()
    }

    func death() async throws {
        let (first, second) = (try await fixture.beat("first"), try await fixture.beat("second"))
        _ = try await first.takeTheLead()
        #expect(try await second.seat.lead() == nil)
        await fixture.kill(first)
        #expect(try await second.takeTheLead().leader?.name == "second")
        await second.seat.close()
    }

    func silence() async throws {
        let (first, second) = (try await fixture.beat("first"), try await fixture.beat("second"))
        _ = try await first.takeTheLead()
        for _ in 0..<20 {
            fixture.clock.advance(by: first.seat.renewalInterval)
            #expect(try await first.seat.lead() != nil)
            #expect(try await second.seat.lead() == nil)
        }
        // It hangs.
        fixture.clock.advance(by: .seconds(4))
        #expect(try await second.seat.lead() == nil)
        fixture.clock.advance(by: .seconds(3))
        #expect(try await second.seat.lead()?.leader?.name == "second")
        // And goes on.
        #expect(try await first.seat.lead() == nil)
        await second.seat.close()
        #expect(try await first.seat.lead() != nil)
        await first.seat.close()
    }

    /// One that comes and finds a lease that looks as if it had run out has seen nothing of it yet.
    func steppedClock() async throws {
        let first = try await fixture.beat("first")
        _ = try await first.takeTheLead()
        for step in [100_000.0, -300_000, 200_000] {
            fixture.clock.advance(by: .seconds(step))
            let late = try await fixture.beat("late")
            #expect(try await late.seat.lead() == nil)
            #expect(try await first.seat.lead() != nil)
            #expect(try await late.seat.lead() == nil)
            await late.seat.close()
        }
        await first.seat.close()
    }

    func fencedOff() async throws {
        let (first, second) = (try await fixture.beat("first"), try await fixture.beat("second"))
        _ = try await first.takeTheLead()
        #expect(try await first.seat.send([Message("1")], writing: [record("a", handled: 1)], settling: []))
        #expect(try await second.seat.lead() == nil)
        await fixture.kill(first)
        #expect(try await second.takeTheLead().records["a"]?.handled.seconds == 1)
        // It believes to lead.
        #expect(await first.isFencedOff([Message("2")], [record("a", handled: 2), record("b", handled: 2)]))
        #expect(try await second.seat.lead()?.records.keys.sorted() == ["a"])
        let state = try await second.broker.state(of: "celery")
        #expect(state.records.mapValues(\.handled.seconds) == ["a": 1])
        #expect(try await names(2, expecting: 1) == ["1"])
        #expect(try await second.seat.send([], writing: [record("a", handled: 3)], settling: []))
        #expect(try await second.broker.state(of: "celery").records["a"]?.handled.seconds == 3)
        await second.seat.close()
    }

    func neverLed() async throws {
        let (first, second) = (try await fixture.beat("first"), try await fixture.beat("second"))
        #expect(await second.isFencedOff([Message("1")], [record("a", handled: 1)]))
        _ = try await first.takeTheLead()
        #expect(await second.isFencedOff([Message("1")], [record("a", handled: 1)]))
        #expect(try await second.seat.lead() == nil)
        #expect(await second.isFencedOff([Message("1")], [record("a", handled: 1)]))
        #expect(try await first.broker.state(of: "celery").records == [:])
        #expect(try await names(1) == [])
        await first.seat.close()
    }

    func closedForGood() async throws {
        let beat = try await fixture.beat("a")
        _ = try await beat.takeTheLead()
        await beat.seat.close()
        #expect(try await beat.seat.lead() == nil)
        #expect(await beat.isFencedOff([], [record("a", handled: 1)]))
        #expect(try await beat.broker.state(of: "celery") == BeatState())
        await beat.seat.close()
    }

    func toldOutside() async throws {
        let beat = try await fixture.beat("a")
        let outside = try fixture.openForBeat()
        #expect(try await outside.state(of: "celery").leader == nil)
        let leader = try await beat.takeTheLead().leader
        #expect(try await outside.state(of: "celery").leader == leader)
        #expect(abs((leader?.since.seconds ?? 0) - fixture.clock.now.seconds) < 0.001)
        await beat.seat.close()
        #expect(try await eventually { try await outside.state(of: "celery").leader == nil })
    }

    /// A record that was handled up to so many seconds.
    func record(_ name: String, handled: Double) -> EntryRecord {
        var record = EntryRecord(name: name, schedule: "every 30s", since: Timestamp(seconds: 0))
        record.handled = Timestamp(seconds: handled)
        return record
    }

    /// The names of the messages in a queue, up to `maximum`, which is more than there ought to be.
    ///
    /// - Parameter count: How many there ought to be: a busy server may take its time with these.
    func names(_ maximum: Int, expecting count: Int = 0, queue: String = "celery") async throws -> [String] {
        let identity = WorkerIdentity(id: TaskID().text, name: "w", pid: 1, process: "process of \(TaskID())")
        let consumer = try await fixture.openForBeat().consumer(of: [queue], as: identity)
        let patience: Duration = consumer is any AtomicSettling ? .zero : .milliseconds(300)
        let worker = TestWorker(identity: identity, consumer: consumer, patience: patience)
        let deliveries = try await worker.take(maximum, expecting: count)
        await consumer.close()
        return deliveries.names
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
