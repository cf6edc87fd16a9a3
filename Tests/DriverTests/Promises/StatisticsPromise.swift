import CeleryCore
import Fixtures
import Testing

/// What every broker that keeps statistics promises: the sentence, and below its proof.
enum StatisticsPromise: String, CaseIterable, Sendable {
    case addsUp = "adds up what all workers hand over"
    case since = "tells what was counted since a time"
    case resets = "forgets at a reset what was handed over before, and nothing after"
    case repeated = "counts a report once that comes again"
    case foldsOld = "counts old minutes together"

    /// Without these powers a driver cannot keep it, and need not.
    var needs: Set<BrokerPower> { self == .repeated ? [.statistics, .reportNumbers] : [.statistics] }

    static func all(of fixture: any BrokerFixture.Type) -> [StatisticsPromise] { allCases.filter { $0.needs.isSubset(of: fixture.powers) } }

    /// Proves it on a fresh place.
    func check<Fixture: BrokerFixture>(_ type: Fixture.Type) async throws {
        let fixture = try Fixture()
        let keepers = try (0..<2).map { _ in try #require(try fixture.connect() as? any StatisticsKeeping) }
        let proof = StatisticsProof(now: fixture.clock.now, first: keepers[0], second: keepers[1])
        switch self {
        case .addsUp: try await proof.addsUp()
        case .since: try await proof.since()
        case .resets: try await proof.resets()
        case .repeated: try await proof.repeated()
        case .foldsOld: try await proof.foldsOld()
        }
        for keeper in keepers { await keeper.close() }
    }
}

/// The proofs, on two connections to one place.
private struct StatisticsProof {
    let now: Timestamp
    let first: any StatisticsKeeping
    let second: any StatisticsKeeping

    private func report(_ number: Int64, of worker: String = "w", _ task: String = "a", ago: Double = 0) -> StatisticsReport {
        var tally = TaskTally()
        tally.noteEnd(seconds: 0.25)
        var ledger = StatisticsLedger()
        ledger.add(tally, in: StatisticsPeriod(task: task, minuteOf: Timestamp(seconds: now.seconds - ago)))
        return StatisticsReport(worker: worker, number: number, ledger: ledger)
    }

    func addsUp() async throws {
        #expect(try await first.statistics(since: nil).isEmpty)
        for number in 1...20 { try await first.add(report(Int64(number), ago: Double(number) * 30)) }
        for number in 1...5 { try await second.add(report(Int64(number), of: "v", "b")) }
        for keeper in [first, second] {
            let sums = try await keeper.statistics(since: nil).byTask
            #expect(sums["a"]?.ran == 20 && sums["a"]?.seconds == 5)
            #expect(sums["b"]?.ran == 5)
        }
    }

    func since() async throws {
        try await first.add(report(1, ago: 3_600))
        try await first.add(report(2, "b"))
        func tasks(since seconds: Double) async throws -> [String] {
            try await second.statistics(since: Timestamp(seconds: now.seconds - seconds)).byTask.keys.sorted()
        }
        #expect(try await tasks(since: 600) == ["b"])
        #expect(try await tasks(since: 4_000) == ["a", "b"])
        #expect(try await tasks(since: -600) == [])
    }

    func resets() async throws {
        try await first.add(report(1))
        try await second.resetStatistics()
        #expect(try await first.statistics(since: nil).isEmpty)
        try await first.add(report(2))
        #expect(try await second.statistics(since: nil).byTask["a"]?.ran == 1)
    }

    func repeated() async throws {
        for number: Int64 in [1, 2, 2, 1, 3] { try await first.add(report(number)) }
        // Numbers are counted for each worker by itself, and outlive a reset.
        try await second.add(report(1, of: "v"))
        #expect(try await second.statistics(since: nil).byTask["a"]?.ran == 4)
        try await second.resetStatistics()
        try await first.add(report(3))
        #expect(try await second.statistics(since: nil).isEmpty)
    }

    func foldsOld() async throws {
        for number in 1...60 { try await first.add(report(Int64(number), ago: 86_400 + Double(number) * 60)) }
        let ledger = try await second.statistics(since: nil)
        #expect(ledger.tallies.count <= 2)
        #expect(ledger.tallies.keys.allSatisfy { $0.length == 3_600 })
        #expect(ledger.byTask["a"]?.ran == 60)
    }
}
