import CeleryCore
import Fixtures
import Schedules
import Testing

@testable import Beat

@Suite struct LongRunTests {
    /// More than three days under `Tests/run --all`.
    private static let hours = Double(fuzzRounds(16))

    /// A thousand entries of all policies.
    private static func entries() throws -> [Entry] {
        var random = SeededGenerator(seed: 72)
        return try (0..<1_000).map { number in
            let schedule: Schedule
            switch number % 4 {
            case 0:
                let lines = ["*/15 * * * *", "7 * * * *", "30 2 * * *", "0 */6 * * *", "5,35 8-18 * * mon-fri", "@daily", "0 0 2 3 *"]
                schedule = try Schedule("\(lines.randomElement(using: &random)!) \(["UTC", "Europe/Berlin"].randomElement(using: &random)!)")
            default: schedule = try Schedule(every: .seconds(Int.random(in: 300...14_400, using: &random)))
            }
            var entry = try EntryPlanTests.entry(schedule) { options in
                options.missed = PeriodicOptions.Missed.allCases[number % 3]
            }
            entry.name = "entry\(number)"
            return entry
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: [1, 2] as [UInt64])
    func `in days of kills, pauses and clocks that are set, every run is sent once, as its policy says`(_ seed: UInt64) async throws {
        let entries = try Self.entries()
        let run = try await LongRun(entries, seed: seed)
        try await run.run(hours: Self.hours)
        #expect(LongRun.Fault.allCases.allSatisfy { run.faults[$0, default: 0] > Int(Self.hours / 8) }, "\(run.faults)")

        let end = try #require(run.stretches.last?.through)
        var count = 0
        for entry in entries {
            let due = entry.periodic.schedule.times(after: EntryPlanTests.noon, through: Timestamp(seconds: end)).map(\.seconds)
            let sent = run.sent[entry.name, default: []]
            count += sent.count
            #expect(Set(sent).count == sent.count, "\(entry.name) was sent twice")
            #expect(Set(sent).isSubset(of: due), "\(entry.name) was sent when it was not due")
            let missing = Set(due).subtracting(sent)
            switch entry.periodic.missed {
            case .all: #expect(missing.isEmpty, "\(entry.name) lacks \(missing.count) of \(due.count)")
            case .once: Self.check(missing, of: entry, due, run.stretches) { _, later, _ in later != nil }
            case .skip:
                Self.check(missing, of: entry, due, run.stretches) { due, later, looked in
                    later != nil || looked - due > EntryPlan.grace / .seconds(1)
                }
            }
        }
        #expect(Double(count) > Self.hours * 700)
        print("\(Self.hours) hours, seed \(seed): \(count) runs of \(entries.count) entries, \(run.stretches.count) rounds, faults \(run.faults)")
    }

    /// Each run that is missing must have a reason: another that stands for it, or that it was too late when somebody looked.
    private static func check(
        _ missing: Set<Double>, of entry: Entry, _ due: [Double], _ stretches: [LongRun.Stretch],
        _ isExcused: (_ due: Double, _ later: Double?, _ looked: Double) -> Bool
    ) {
        for time in missing {
            guard let stretch = stretches.first(where: { $0.through >= time }), stretch.isWhole else { continue }
            let later = due.first { $0 > time && $0 <= stretch.through }
            if !isExcused(time, later, stretch.through) {
                Issue.record("\(entry.name) (\(entry.periodic.missed)) lacks the run of \(time), looked at up to \(stretch.through)")
                return
            }
        }
    }
}
