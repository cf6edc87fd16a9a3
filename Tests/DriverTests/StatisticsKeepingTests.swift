import Brokers
import CeleryCore
import Fixtures
import SQLite
import Testing

/// What every driver that keeps statistics promises.
@Suite(.timeLimit(.minutes(3))) struct StatisticsKeepingTests {
    enum Kind: CaseIterable { case memory, sqlite, amqp }

    /// A place with two connections to it.
    private func place(_ kind: Kind) throws -> (first: any StatisticsKeeping, second: any StatisticsKeeping, keep: any Sendable) {
        switch kind {
        case .memory:
            let broker = MemoryBroker()
            return (broker, broker, broker)
        case .sqlite:
            let folder = TemporaryFolder()
            func open() throws -> SQLiteBroker {
                SQLiteBroker(file: try DatabaseFile(path: folder.file("celery.db")), resultExpires: nil, processLives: { _ in nil })
            }
            return (try open(), try open(), folder)
        case .amqp:
            let place = try AMQPPlace()
            return (try place.broker(), try place.broker(), place)
        }
    }

    private func report(_ number: Int64, of worker: String = "w", _ task: String = "a", ago: Double = 0) -> StatisticsReport {
        var tally = TaskTally()
        tally.noteEnd(seconds: 0.25)
        var ledger = StatisticsLedger()
        ledger.add(tally, in: StatisticsPeriod(task: task, minuteOf: Timestamp(seconds: Timestamp.now.seconds - ago)))
        return StatisticsReport(worker: worker, number: number, ledger: ledger)
    }

    @Test(arguments: Kind.allCases)
    func `adds up what all workers hand over`(_ kind: Kind) async throws {
        let (first, second, keep) = try place(kind)
        #expect(try await first.statistics(since: nil).isEmpty)
        for number in 1...20 { try await first.add(report(Int64(number), ago: Double(number) * 30)) }
        for number in 1...5 { try await second.add(report(Int64(number), of: "v", "b")) }
        for keeper in [first, second] {
            let sums = try await keeper.statistics(since: nil).byTask
            #expect(sums["a"]?.ran == 20)
            #expect(sums["b"]?.ran == 5)
            #expect(sums["a"]?.seconds == 5)
        }
        await first.close()
        await second.close()
        withExtendedLifetime(keep) {}
    }

    @Test(arguments: Kind.allCases)
    func `tells what was counted since a time`(_ kind: Kind) async throws {
        let (first, second, keep) = try place(kind)
        try await first.add(report(1, ago: 3_600))
        try await first.add(report(2, "b"))
        let now = Timestamp.now
        #expect(try await second.statistics(since: Timestamp(seconds: now.seconds - 600)).byTask.keys.sorted() == ["b"])
        #expect(try await second.statistics(since: Timestamp(seconds: now.seconds - 4_000)).byTask.keys.sorted() == ["a", "b"])
        #expect(try await second.statistics(since: Timestamp(seconds: now.seconds + 600)).isEmpty)
        await first.close()
        await second.close()
        withExtendedLifetime(keep) {}
    }

    @Test(arguments: Kind.allCases)
    func `forgets at a reset what was handed over before`(_ kind: Kind) async throws {
        let (first, second, keep) = try place(kind)
        try await first.add(report(1))
        try await second.resetStatistics()
        #expect(try await first.statistics(since: nil).isEmpty)
        try await first.add(report(2))
        #expect(try await second.statistics(since: nil).byTask["a"]?.ran == 1)
        await first.close()
        await second.close()
        withExtendedLifetime(keep) {}
    }

    @Test func `RabbitMQ counts a report once that comes again`() async throws {
        let (first, second, keep) = try place(.amqp)
        for number: Int64 in [1, 2, 2, 1, 3] { try await first.add(report(number)) }
        #expect(try await second.statistics(since: nil).byTask["a"]?.ran == 3)
        await first.close()
        await second.close()
        withExtendedLifetime(keep) {}
    }

    @Test func `a SQLite file counts old minutes together`() async throws {
        let folder = TemporaryFolder()
        let file = try DatabaseFile(path: folder.file("celery.db"))
        let broker = SQLiteBroker(file: file, resultExpires: nil, processLives: { _ in nil })
        for number in 1...60 { try await broker.add(report(Int64(number), ago: 86_400 + Double(number) * 60)) }
        let ledger = try await broker.statistics(since: nil)
        #expect(ledger.tallies.count <= 2)
        #expect(ledger.tallies.keys.allSatisfy { $0.length == 3_600 })
        #expect(ledger.byTask["a"]?.ran == 60)
        await broker.close()
    }
}
