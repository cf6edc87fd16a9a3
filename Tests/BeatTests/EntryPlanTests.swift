import CeleryCore
import Fixtures
import Schedules
import Testing
import Wire

@testable import Beat

@Suite struct EntryPlanTests {
    /// 2026-03-01 12:00 UTC.
    static let noon = Timestamp(seconds: 1_772_366_400)

    static func entry(_ schedule: Schedule? = nil, _ change: (inout PeriodicOptions) -> Void = { _ in }) throws -> Entry {
        var options = PeriodicOptions(try schedule ?? Schedule(every: .seconds(60)))
        change(&options)
        let message = Message(task: "demo.tasks.add", body: BodyCodec.encode(TaskArguments()))
        return Entry(name: "tidy", message: message, periodic: options, source: "celery.toml:3")
    }

    /// A record that has handled everything up to a moment.
    static func record(_ entry: Entry, handled: Timestamp) -> EntryRecord {
        EntryRecord(name: entry.name, schedule: entry.periodic.schedule.description, since: handled)
    }

    private func after(_ seconds: Double) -> Timestamp { Self.noon + .seconds(seconds) }

    @Test func `a new entry begins now, with its next due time, and sends nothing of the past`() throws {
        let entry = try Self.entry()
        let plan = EntryPlan(entry, nil, now: after(10), isRunning: false)
        #expect(plan.sends == [] && plan.passedOver == [])
        #expect(plan.record.handled == after(10) && plan.record.since == after(10))
        #expect(plan.wake == after(60) && plan.record.next == after(60))
    }

    @Test func `sends what has become due, once`() throws {
        let entry = try Self.entry()
        let plan = EntryPlan(entry, Self.record(entry, handled: Self.noon), now: after(60), isRunning: false)
        #expect(plan.sends == [after(60)])
        #expect(plan.record.handled == after(60) && plan.record.sentCount == 1)
        #expect(plan.wake == after(120))
        let again = EntryPlan(entry, plan.record, now: after(61), isRunning: false)
        #expect(again.sends == [] && again.record == plan.record)
    }

    @Test func `sends nothing again when the clock is set back`() throws {
        let entry = try Self.entry()
        let sent = EntryPlan(entry, Self.record(entry, handled: Self.noon), now: after(60), isRunning: false).record
        for seconds in [-3_600.0, 0, 59, 60, 119] {
            #expect(EntryPlan(entry, sent, now: after(seconds), isRunning: false).sends == [])
        }
        #expect(EntryPlan(entry, sent, now: after(120), isRunning: false).sends == [after(120)])
    }

    @Test func `one run stands for all that were missed, unless the entry says otherwise`() throws {
        let late = after(605)
        let once = try Self.entry()
        let plan = EntryPlan(once, Self.record(once, handled: Self.noon), now: late, isRunning: false)
        #expect(plan.sends == [after(600)])
        #expect(plan.passedOver == [.init(count: 9, first: after(60), last: after(540), reason: .standsForThem)])
        #expect(plan.record.missedCount == 9)

        let all = try Self.entry { $0.missed = .all }
        let made = EntryPlan(all, Self.record(all, handled: Self.noon), now: late, isRunning: false)
        #expect(made.sends == (1...10).map { after(Double($0) * 60) } && made.passedOver == [])

        let skip = try Self.entry { $0.missed = .skip }
        #expect(EntryPlan(skip, Self.record(skip, handled: Self.noon), now: late, isRunning: false).sends == [after(600)])
    }

    @Test func `a run that is a minute late is skipped where missed ones are, and told of`() throws {
        let entry = try Self.entry(Schedule(every: .seconds(3_600))) { $0.missed = .skip }
        let record = Self.record(entry, handled: Self.noon)
        #expect(EntryPlan(entry, record, now: after(3_660), isRunning: false).sends == [after(3_600)])
        let plan = EntryPlan(entry, record, now: after(3_661), isRunning: false)
        #expect(plan.sends == [])
        #expect(plan.passedOver == [.init(count: 1, first: after(3_600), last: after(3_600), reason: .missed)])
        #expect(plan.record.handled == after(3_600) && plan.wake == after(7_200))
    }

    @Test func `makes up for nothing that is longer ago than within`() throws {
        let entry = try Self.entry {
            $0.missed = .all
            $0.within = .seconds(120)
        }
        let plan = EntryPlan(entry, Self.record(entry, handled: Self.noon), now: after(605), isRunning: false)
        #expect(plan.sends == [after(540), after(600)])
        #expect(plan.passedOver == [.init(count: 8, first: after(60), last: after(480), reason: .tooLongAgo)])
    }

    @Test func `makes up for a long absence in portions, and loses none`() throws {
        let entry = try Self.entry(Schedule(every: .seconds(1))) { $0.missed = .all }
        var record = Self.record(entry, handled: Self.noon)
        var sends: [Timestamp] = []
        for _ in 0..<6 {
            let plan = EntryPlan(entry, record, now: after(1_000), isRunning: false)
            #expect(plan.sends.count <= EntryPlan.sendLimit)
            sends += plan.sends
            record = plan.record
        }
        #expect(sends == (1...1_000).map { after(Double($0)) })
    }

    @Test func `of an absence of years the latest run is sent, quickly`() throws {
        let entry = try Self.entry(Schedule("* * * * *", zone: .utc))
        let years = Duration.seconds(10 * 365 * 86_400)
        let plan = EntryPlan(entry, Self.record(entry, handled: Self.noon), now: Self.noon + years + .seconds(30), isRunning: false)
        #expect(plan.sends == [Self.noon + years])
        #expect(plan.record.missedCount >= EntryPlan.countLimit)
    }

    @Test func `jitter delays the sending, not the due time`() throws {
        let entry = try Self.entry(Schedule(every: .seconds(3_600))) { $0.jitter = Jitter(upTo: .seconds(600)) }
        let record = Self.record(entry, handled: Self.noon)
        let due = after(3_600)
        let sending = entry.sendTime(due: due)
        #expect(sending > due && sending < due + .seconds(600))
        let early = EntryPlan(entry, record, now: sending + .milliseconds(-1), isRunning: false)
        #expect(early.sends == [] && early.wake == sending && early.record.handled == record.handled)
        #expect(EntryPlan(entry, record, now: sending, isRunning: false).sends == [due])
    }

    @Test func `nothing is due while an entry is paused, and what was due then is not made up for`() throws {
        let entry = try Self.entry { $0.missed = .all }
        var record = Self.record(entry, handled: Self.noon)
        record.pause = EntryPause(since: Self.noon, until: after(300), reason: "maintenance")
        let paused = EntryPlan(entry, record, now: after(200), isRunning: false)
        #expect(paused.sends == [] && paused.passedOver == [] && paused.wake == after(300) && paused.record.next == nil)
        let over = EntryPlan(entry, paused.record, now: after(365), isRunning: false)
        #expect(over.sends == [after(360)] && over.record.pause == nil)
        record.pause = EntryPause(since: Self.noon)
        #expect(EntryPlan(entry, record, now: after(1e9), isRunning: false).wake == nil)
    }

    @Test func `a run that is due while the one before runs is passed over, or waits, or goes`() throws {
        for (overlap, sends) in [(PeriodicOptions.Overlap.allow, 1), (.skip, 0), (.queue, 0)] {
            let entry = try Self.entry { $0.overlap = overlap }
            let plan = EntryPlan(entry, Self.record(entry, handled: Self.noon), now: after(60), isRunning: true)
            #expect(plan.sends.count == sends, "\(overlap)")
            #expect(plan.record.held == (overlap == .queue ? after(60) : nil))
            #expect(plan.passedOver.map(\.reason) == (overlap == .skip ? [.stillRunning] : []))
        }
    }

    @Test func `one run waits at a time, the latest, and goes when the one before has ended`() throws {
        let entry = try Self.entry { $0.overlap = .queue }
        var record = Self.record(entry, handled: Self.noon)
        record = EntryPlan(entry, record, now: after(60), isRunning: true).record
        let plan = EntryPlan(entry, record, now: after(120), isRunning: true)
        #expect(plan.record.held == after(120))
        #expect(plan.passedOver == [.init(count: 1, first: after(60), last: after(60), reason: .standsForThem)])
        let ended = EntryPlan(entry, plan.record, now: after(130), isRunning: false)
        #expect(ended.sends == [after(120)] && ended.record.held == nil)
    }

    @Test func `with another schedule an entry begins anew, and with the same one keeps its phase`() throws {
        let entry = try Self.entry()
        let record = Self.record(entry, handled: Self.noon)
        let other = try Self.entry(Schedule(every: .seconds(7)))
        let plan = EntryPlan(other, record, now: after(600), isRunning: false)
        #expect(plan.sends == [] && plan.record.handled == after(600) && plan.record.schedule == "every 7s")
        let changed = try Self.entry { $0.missed = .skip }
        #expect(EntryPlan(changed, record, now: after(60), isRunning: false).sends == [after(60)])
    }

    @Test func `follows the latest runs only`() throws {
        let entry = try Self.entry(Schedule(every: .seconds(1))) { $0.missed = .all }
        var plan = EntryPlan(entry, Self.record(entry, handled: Self.noon), now: after(100), isRunning: false)
        plan.noteSent(beat: "celery")
        #expect(plan.record.open.count == EntryPlan.openLimit)
        #expect(plan.record.last?.due == after(100) && plan.record.open.last == plan.record.last)
    }

    @Test func `survives any clock and any record`() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2_000 {
            let entry = try Self.entry(Schedule(every: .seconds(Int.random(in: 1...100_000, using: &random)))) { options in
                options.missed = PeriodicOptions.Missed.allCases.randomElement(using: &random)!
                options.overlap = PeriodicOptions.Overlap.allCases.randomElement(using: &random)!
                options.within = Bool.random(using: &random) ? .seconds(Int.random(in: 1...10_000, using: &random)) : nil
            }
            var record = Self.record(entry, handled: after(.random(in: -1e6...1e6, using: &random)))
            record.held = Bool.random(using: &random) ? after(.random(in: -1e6...1e6, using: &random)) : nil
            let plan = EntryPlan(
                entry, record, now: after(.random(in: -1e6...1e6, using: &random)), isRunning: .random(using: &random))
            #expect(plan.record.handled >= record.handled)
            #expect(Set(plan.sends).count == plan.sends.count)
            #expect(plan.sends.allSatisfy { $0 > record.handled || $0 == record.held })
            #expect(plan.wake != nil)
        }
    }
}
