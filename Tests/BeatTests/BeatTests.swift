import CeleryCore
import Schedules
import Testing

@testable import Beat

@Suite struct BeatTests {
    private func entry(_ name: String = "tidy", every seconds: Double = 60, _ change: (inout PeriodicOptions) -> Void = { _ in }) throws -> Entry {
        var entry = try EntryPlanTests.entry(Schedule(every: .seconds(seconds)), change)
        entry.name = name
        return entry
    }

    @Test func `sends each run at its time, under an id made of entry and due time`() async throws {
        let entry = try entry { $0.expires = .seconds(30) }
        let bench = try BeatBench([entry])
        #expect(try await bench.round(after: 10) == [])
        #expect(try await bench.round(after: 59.999) == [])
        #expect(try await bench.round(after: 60) == [60])
        #expect(try await bench.round(after: 61) == [])
        #expect(try await bench.round(after: 120.5) == [120])
        let message = try #require(await bench.seat.sent.last)
        let due = EntryPlanTests.noon + .seconds(120)
        #expect(message.id == entry.id(due: due, beat: "celery") && message.rootID == message.id)
        #expect(message.task == "demo.tasks.add" && message.expires == due + .seconds(30))
        #expect(message.headers["celery_beat_task"] == true && message.headers["beat_entry"] == "tidy")
        #expect(message.headers["beat_due"] == "2026-03-01T12:02:00+00:00")
        #expect(bench.lines.value.filter { $0.contains("Sending due task tidy (demo.tasks.add[") }.count == 2)
    }

    @Test func `two that both believe to lead send every run once`() async throws {
        let first = try BeatBench([try entry()])
        let second = try BeatBench([try entry()])
        for seconds in [0.0, 60, 61, 120, 240] {
            try await first.round(after: seconds)
            try await second.round(after: seconds)
        }
        let ids = await first.seat.sent.map(\.id)
        #expect(await second.seat.sent.map(\.id) == ids)
        #expect(Set(ids).count == 3)
    }

    @Test func `sends nothing while another leads, and what is due when it takes over`() async throws {
        let bench = try BeatBench([try entry()])
        try await bench.round(after: 0)
        await bench.seat.set(isLeader: false)
        #expect(try await bench.round(after: 60) == [])
        // Meanwhile the other one has sent the first of them.
        var record = try #require(await bench.record())
        record.handled = EntryPlanTests.noon + .seconds(60)
        await bench.seat.replace(record)
        await bench.seat.set(isLeader: true)
        #expect(try await bench.round(after: 125) == [120])
        #expect(bench.lines.value.contains("warning: Another beat has become the leader; waiting to take over"))
    }

    @Test func `decides anew what could not be sent, and sends it once`() async throws {
        let bench = try BeatBench([try entry()])
        try await bench.round(after: 0)
        await bench.seat.fail(.before, .after)
        await #expect(throws: DriverError.self) { try await bench.round(after: 60) }
        #expect(await bench.seat.sent.isEmpty)
        await #expect(throws: DriverError.self) { try await bench.round(after: 61) }
        #expect(await bench.seat.sent.count == 1)
        try await bench.round(after: 62)
        #expect(await bench.seat.sent.count == 1)
        #expect(await bench.record()?.sentCount == 1)
    }

    @Test func `an entry whose runs are refused holds up nobody, and is made up for when they are taken`() async throws {
        var bad = try entry("bad")
        bad.message.task = "refused"
        let bench = try BeatBench([try entry(), bad])
        try await bench.round(after: 0)
        #expect(try await bench.round(after: 60) == [60])
        #expect(try await bench.round(after: 120) == [120])
        #expect(bench.lines.value.filter { $0.hasPrefix("error: Cannot send bad (refused); will try again: queue 'x'") }.count == 2)
        #expect(await bench.record("bad")?.handled == EntryPlanTests.noon)
        try await bench.beat.replace([try entry(), try entry("bad")])
        #expect(try await bench.round(after: 130) == [120])
    }

    @Test func `says what it passed over`() async throws {
        let bench = try BeatBench([try entry()])
        try await bench.round(after: 0)
        #expect(try await bench.round(after: 605) == [600])
        #expect(bench.lines.value.contains {
            $0.hasPrefix("warning: Skipped 9 runs from 2026-03-01T12:01:00+00:00 to 2026-03-01T12:09:00+00:00 of tidy: one later run replaces them")
        })
    }

    @Test func `pauses and resumes as it is asked, and tells of commands that mean nobody`() async throws {
        let bench = try BeatBench([try entry { $0.missed = .all }])
        try await bench.round(after: 0)
        await bench.seat.tell(.pause(entry: "tidy", EntryPause(since: EntryPlanTests.noon, reason: "maintenance")), in: "celery")
        await bench.seat.tell(.pause(entry: "nobody", EntryPause(since: EntryPlanTests.noon)), in: "celery")
        #expect(try await bench.round(after: 60) == [])
        #expect(await bench.seat.state.commands.isEmpty)
        #expect(await bench.record()?.pause?.reason == "maintenance")
        #expect(try await bench.round(after: 300) == [])
        await bench.seat.tell(.resume(entry: "tidy"), in: "celery")
        #expect(try await bench.round(after: 330) == [])
        #expect(try await bench.round(after: 360) == [360])
        #expect(bench.lines.value.contains("info: Paused tidy: maintenance"))
        #expect(bench.lines.value.contains { $0.contains("Ignored a command to pause or resume nobody") })
    }

    @Test func `follows runs to their end, and waits for it where the entry says so`() async throws {
        let bench = try BeatBench([try entry { $0.overlap = .skip }])
        try await bench.round(after: 0)
        #expect(try await bench.round(after: 60) == [60])
        #expect(try await bench.round(after: 120) == [])
        let id = try #require(await bench.seat.sent.first?.id)
        var result = TaskResult(id: id, state: .success)
        result.dateDone = EntryPlanTests.noon + .seconds(130)
        await bench.store.store([result])
        #expect(try await bench.round(after: 180) == [180])
        #expect(await bench.record()?.lastSuccess == result.dateDone)
    }

    @Test func `reports once that an entry has not succeeded in time, and that it has again`() async throws {
        let bench = try BeatBench([try entry { $0.expectWithin = .seconds(150) }])
        for seconds in stride(from: 0.0, through: 240, by: 10) { try await bench.round(after: seconds) }
        let alarms = bench.lines.value.filter { $0.hasPrefix("error: tidy has not succeeded within 2 min 30 s: it has never succeeded") }
        #expect(alarms.count == 1)
        #expect(await bench.record()?.absentSince != nil)
        var result = TaskResult(id: try #require(await bench.seat.sent.last?.id), state: .success)
        result.dateDone = EntryPlanTests.noon + .seconds(241)
        await bench.store.store([result])
        try await bench.round(after: 250)
        #expect(await bench.record()?.absentSince == nil)
        #expect(bench.lines.value.contains("info: tidy has succeeded again"))
    }

    @Test func `keeps the phase of entries that stay when others change`() async throws {
        let bench = try BeatBench([try entry(), try entry("gone")])
        try await bench.round(after: 0)
        try await bench.beat.replace([try entry(), try entry("new", every: 7)])
        #expect(try await bench.round(after: 60) == [60])
        #expect(await bench.record("new")?.next != nil)
        #expect(await bench.record("gone") != nil)
    }

    @Test func `refuses two entries of one name, and wishes that nobody can grant`() async throws {
        #expect(throws: DriverError.self) { try BeatBench([try entry(), try entry()]) }
        for change in [{ $0.expectWithin = .seconds(9) }, { $0.overlap = .skip }] as [(inout PeriodicOptions) -> Void] {
            var entry = try entry("tidy", change)
            entry.ignoresResult = true
            let wish = entry
            #expect(throws: DriverError.self) { try BeatBench([wish]) }
        }
    }

    @Test func `with --once it sends what is due and ends, unless another leads`() async throws {
        let bench = try BeatBench([try entry()], isOnce: true)
        bench.clock.value = EntryPlanTests.noon
        try await bench.beat.run()
        bench.clock.value = EntryPlanTests.noon + .seconds(60)
        try await bench.beat.run()
        #expect(await bench.seat.sent.count == 1)
        await bench.seat.set(isLeader: false)
        await #expect(throws: DriverError.self) { try await bench.beat.run() }
    }

    @Test func `with --once it sends all that is due, in as many rounds as it takes`() async throws {
        let bench = try BeatBench([try entry { $0.missed = .all }], isOnce: true)
        bench.clock.value = EntryPlanTests.noon
        try await bench.beat.run()
        bench.clock.value = EntryPlanTests.noon + .seconds(60 * 450)
        try await bench.beat.run()
        #expect(await bench.seat.sent.count == 450)
    }

    @Test func `with --once a refused run is an error, after the others are sent`() async throws {
        var bad = try entry("bad")
        bad.message.task = "refused"
        let bench = try BeatBench([bad, try entry()], isOnce: true)
        bench.clock.value = EntryPlanTests.noon
        try await bench.beat.run()
        bench.clock.value = EntryPlanTests.noon + .seconds(60)
        await #expect(throws: DriverError(.refused, "queue 'x' is of another kind")) { try await bench.beat.run() }
        #expect(await bench.seat.sent.count == 1)
    }
}
