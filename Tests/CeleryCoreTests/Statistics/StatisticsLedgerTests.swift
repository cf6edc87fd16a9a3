import Fixtures
import Testing

@testable import CeleryCore

@Suite struct StatisticsLedgerTests {
    private func tally(_ ran: Int) -> TaskTally {
        var tally = TaskTally()
        for number in 0..<ran { tally.noteEnd(seconds: Double(number + 1) / 8) }
        tally.failed = ran / 2
        tally.retried = 1
        return tally
    }

    private func ledger(_ now: Double, ages: [Double]) -> StatisticsLedger {
        var ledger = StatisticsLedger()
        for age in ages { ledger.add(tally(4), in: StatisticsPeriod(task: "a", minuteOf: Timestamp(seconds: now - age))) }
        return ledger
    }

    @Test func `what is old is counted in longer periods, and nothing is lost by it`() {
        let now = 1_700_000_000.0
        var ledger = ledger(now, ages: [0, 60, 4 * 3_600, 4 * 3_600 + 60, 10 * 86_400, 11 * 86_400])
        let sum = ledger.byTask
        ledger.fold(now: Timestamp(seconds: now))
        #expect(ledger.tallies.keys.map(\.length).sorted() == [60, 60, 3_600, 86_400, 86_400])
        #expect(ledger.byTask == sum)
        let folded = ledger
        ledger.fold(now: Timestamp(seconds: now))
        #expect(ledger == folded)
    }

    @Test func `what is older than a year is forgotten`() {
        let now = 1_700_000_000.0
        var ledger = ledger(now, ages: [400 * 86_400])
        ledger.fold(now: Timestamp(seconds: now))
        #expect(ledger.isEmpty)
    }

    @Test func `a period counts as long as it is not over`() {
        let now = 1_700_000_040.0
        let ledger = ledger(now, ages: [0, 60, 120])
        #expect(ledger.since(Timestamp(seconds: now - 60)).byTask["a"]?.ran == 8)
        #expect(ledger.since(Timestamp(seconds: 0)) == ledger)
    }

    @Test func `comes back from JSON as it was`() throws {
        var ledger = ledger(1_700_000_000, ages: [0, 7_000])
        ledger.add(tally(1), in: StatisticsPeriod(task: "ü\n", start: 86_400, length: 86_400))
        let text = ledger.json.text(style: .compact)
        #expect(StatisticsLedger(json: try JSON(parsing: text)) == ledger)
    }

    @Test(arguments: 0..<200)
    func `reads damaged JSON as nothing or as a ledger, and never fails otherwise`(_ seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        var bytes = Array(ledger(1_700_000_000, ages: [0, 7_000]).json.text(style: .compact).utf8)
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] = "0123456789-.,[]{}\"e".utf8.randomElement(using: &generator)!
        }
        guard let json = try? JSON(parsing: bytes), var ledger = StatisticsLedger(json: json) else { return }
        // Whatever was read can be added up.
        ledger.add(ledger)
        ledger.fold(now: Timestamp(seconds: 1_700_000_000))
        #expect(ledger.byTask.values.allSatisfy { $0.ran >= 0 && $0.seconds >= 0 })
    }
}
