import CeleryCore
import Fixtures
import Testing

extension BeatProof {
    func emptyPlace() async throws {
        let broker = try fixture.openForBeat()
        #expect(try await broker.state(of: "celery") == BeatState())
        let beat = try await fixture.beat("a")
        #expect(try await broker.state(of: "celery") == BeatState())
        let state = try await beat.takeTheLead()
        #expect(state.records.isEmpty && state.commands.isEmpty)
        await beat.seat.close()
    }

    func wholeRecords() async throws {
        let beat = try await fixture.beat("a")
        _ = try await beat.takeTheLead()
        let records = [full("each 'field' \"of\" it\n"), record("größe ☃", handled: 0.1), record("", handled: 1e15)]
        #expect(try await beat.seat.send([], writing: records, settling: []))
        let expected = Dictionary(uniqueKeysWithValues: records.map { ($0.name, $0) })
        #expect(try await beat.seat.lead()?.records == expected)
        #expect(try await beat.broker.state(of: "celery").records == expected)
        await beat.seat.close()
        let next = try await fixture.beat("b")
        #expect(try await next.takeTheLead().records == expected)
        await next.seat.close()
    }

    private func full(_ name: String) -> EntryRecord {
        var record = EntryRecord(name: name, schedule: "*/5 * * * *", since: Timestamp(seconds: 1_700_000_000.125))
        record.handled = Timestamp(seconds: 1_700_000_300)
        record.next = Timestamp(seconds: 1_700_000_600.5)
        record.last = EntryRun(id: TaskID(), due: Timestamp(seconds: 1), sent: Timestamp(seconds: 2), state: .failure)
        record.open = [EntryRun(id: TaskID("x"), due: Timestamp(seconds: 3), sent: Timestamp(seconds: 4))]
        record.held = Timestamp(seconds: 5)
        (record.sentCount, record.missedCount) = (7, 8)
        (record.lastSuccess, record.lastFailure) = (Timestamp(seconds: 9), Timestamp(seconds: 10))
        record.pause = EntryPause(since: Timestamp(seconds: 11), until: Timestamp(seconds: 12), reason: "\"why\"")
        record.absentSince = Timestamp(seconds: 13)
        return record
    }

    func othersStay() async throws {
        let beat = try await fixture.beat("a")
        _ = try await beat.takeTheLead()
        #expect(try await beat.seat.send([], writing: [record("a", handled: 1), record("b", handled: 1)], settling: []))
        #expect(try await beat.seat.send([], writing: [record("b", handled: 2)], settling: []))
        #expect(try await beat.seat.send([], writing: [], settling: []))
        let expected = ["a": 1.0, "b": 2]
        #expect(try await beat.seat.lead()?.records.mapValues(\.handled.seconds) == expected)
        #expect(try await beat.broker.state(of: "celery").records.mapValues(\.handled.seconds) == expected)
        await beat.seat.close()
    }

    func recordsSurvive() async throws {
        let (first, second) = (try await fixture.beat("first"), try await fixture.beat("second"))
        _ = try await first.takeTheLead()
        #expect(try await first.seat.send([], writing: [record("a", handled: 1)], settling: []))
        await first.seat.close()
        let state = try await second.broker.state(of: "celery")
        #expect(state.leader == nil)
        #expect(state.records["a"]?.handled.seconds == 1)
        #expect(try await second.takeTheLead().records == state.records)
        await second.seat.close()
    }

    func nothingForgotten() async throws {
        var handled = 0.0
        for round in 0..<6 {
            let beat = try await fixture.beat("leader \(round)")
            #expect(try await beat.takeTheLead().records["a"]?.handled.seconds ?? 0 == handled)
            for _ in 0..<5 {
                handled += 1
                #expect(try await beat.seat.send([], writing: [record("a", handled: handled)], settling: []))
                _ = try await beat.broker.state(of: "celery")
            }
            let heir = try await fixture.beat("heir")
            #expect(try await heir.seat.lead() == nil)
            if round % 2 == 0 { await beat.seat.close() } else { await fixture.kill(beat) }
            #expect(try await heir.takeTheLead().records["a"]?.handled.seconds == handled)
            await heir.seat.close()
        }
    }

    /// Many look while one writes: it loses nothing by it, and nobody sees time go back.
    func latest() async throws {
        let beat = try await fixture.beat("a")
        _ = try await beat.takeTheLead()
        #expect(try await beat.seat.send([], writing: [record("a", handled: 0)], settling: []))
        let looking = (0..<3).map { _ in
            Task {
                let outside = try fixture.openForBeat()
                var last = 0.0
                while !Task.isCancelled, last < 50 {
                    let handled = try await outside.state(of: "celery").records["a"]?.handled.seconds
                    #expect(handled ?? -1 >= last)
                    last = handled ?? last
                }
                await outside.close()
            }
        }
        for number in 1...50 {
            #expect(try await beat.seat.send([], writing: [record("a", handled: Double(number))], settling: []))
            #expect(try await beat.broker.state(of: "celery").records["a"]?.handled.seconds == Double(number))
        }
        for task in looking { try await promptly("the end of looking") { try await task.value } }
        #expect(try await beat.broker.state(of: "celery").records["a"]?.handled.seconds == 50)
        await beat.seat.close()
    }

    func manyRecords() async throws {
        let beat = try await fixture.beat("a")
        _ = try await beat.takeTheLead()
        let records = (0..<5_000).map { record("entry \($0)", handled: Double($0)) }
        #expect(try await beat.seat.send([], writing: records, settling: []))
        #expect(try await beat.seat.send([], writing: [record("entry 7", handled: 0)], settling: []))
        await beat.seat.close()
        let next = try await fixture.beat("b")
        let state = try await next.takeTheLead()
        #expect(state.records.count == 5_000)
        #expect(state.records["entry 7"]?.handled.seconds == 0)
        #expect(state.records["entry 4999"]?.handled.seconds == 4_999)
        await next.seat.close()
    }

    func brokenRecord() async throws {
        let first = try await fixture.beat("first")
        _ = try await first.takeTheLead()
        #expect(try await first.seat.send([], writing: [record("a", handled: 1), record("b", handled: 1)], settling: []))
        await first.seat.close()
        try await fixture.spoil("a", in: "celery")
        let spoiled = try await fixture.text(of: "a", in: "celery")
        let second = try await fixture.beat("second")
        for _ in 0..<3 {
            let error = await #expect(throws: DriverError.self) { _ = try await second.takeTheLead() }
            #expect(error?.code == .unusable)
            #expect(error?.message.contains("cannot read") ?? false, "\(error as Any)")
            #expect(error?.hint != nil)
        }
        let error = await #expect(throws: DriverError.self) { try await second.broker.state(of: "celery") }
        #expect(error?.code == .unusable)
        #expect(await second.isFencedOff([], [record("a", handled: 2)]))
        #expect(try await fixture.text(of: "a", in: "celery") == spoiled)
        // Of another name, it does not matter.
        let other = try await fixture.beat("other", in: "other")
        _ = try await other.takeTheLead()
        await other.seat.close()
        await second.seat.close()
    }

    func names() async throws {
        let (a, b) = (try await fixture.beat("a", in: "a"), try await fixture.beat("b", in: "b"))
        _ = try await a.takeTheLead()
        _ = try await b.takeTheLead()
        #expect(try await a.seat.send([], writing: [record("x", handled: 1)], settling: []))
        #expect(try await b.seat.send([], writing: [record("x", handled: 2)], settling: []))
        try await a.broker.tell(.resume(entry: "x"), in: "a")
        let commands = try await a.commands(1)
        #expect(try await b.seat.lead()?.commands.isEmpty ?? false)
        #expect(try await b.seat.send([], writing: [], settling: commands.map(\.number)))
        #expect(try await a.seat.lead()?.commands.count == 1)
        let states = (try await a.broker.state(of: "a"), try await a.broker.state(of: "b"))
        #expect(states.0.leader?.name == "a" && states.1.leader?.name == "b")
        #expect(states.0.records["x"]?.handled.seconds == 1 && states.1.records["x"]?.handled.seconds == 2)
        await a.seat.close()
        #expect(try await b.seat.lead() != nil)
        await b.seat.close()
    }
}
