import Brokers
import CeleryCore
import Fixtures
import Logging
import Synchronization
import Testing

@testable import Worker

@Suite struct StatisticsWatchTests {
    /// A keeper that fails as long as it is told to, although it has taken the report.
    private final class Flaky: StatisticsKeeping {
        let location = "flaky://"
        let statisticsInterval: Duration = .milliseconds(1)
        let reports = Mutex<[StatisticsReport]>([])
        let fails = Mutex(false)

        func add(_ report: StatisticsReport) async throws {
            reports.withLock { $0.append(report) }
            if fails.withLock({ $0 }) { throw DriverError(.tryAgain, "not now") }
        }

        func statistics(since: Timestamp?) -> StatisticsLedger { StatisticsLedger() }
        func resetStatistics() {}
        func publish(_ messages: [Message]) {}
        func consumer(of queues: [String], as worker: WorkerIdentity) throws -> any BrokerConsumer { throw CancellationError() }
        func close() {}
    }

    private let clock = ManualClock()

    private func watch(_ keeper: any StatisticsKeeping) -> StatisticsWatch {
        StatisticsWatch(keeper: keeper, worker: "w", logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }) { [clock] in clock.now }
    }

    private func delivery(_ task: String) -> Delivery {
        Delivery(handle: DeliveryHandle(tag: 1, attempt: 1), message: Message(task: task, body: MessageBody(bytes: [])))
    }

    private func ended(_ task: String, _ ending: JobReport.Ending, _ duration: Double) -> TaskMoment {
        .ended(delivery(task), attempt: 1, JobReport(tag: 1, ending: ending, duration: duration))
    }

    @Test func `counts what ran, failed, was tried again, was revoked and was lost, by task`() async throws {
        let broker = MemoryBroker { [clock] in clock.now }
        let watch = watch(broker)
        let failure = TaskFailure(type: "E")
        watch.note(ended("a", .success(1), 0.5), at: clock.now)
        watch.note(ended("a", .failure(failure, traceback: nil), 1.5), at: clock.now)
        watch.note(ended("a", .retry(delay: 1, failure, traceback: nil), 1), at: clock.now)
        watch.note(.failed(delivery("a"), attempt: 1, .timeLimitExceeded(3), seconds: 3), at: clock.now)
        watch.note(.interrupted(delivery("a"), attempt: 1, reason: "gone", seconds: 2), at: clock.now)
        watch.note(.failed(delivery("b"), attempt: 1, .workerLost("gone"), seconds: 4), at: clock.now)
        watch.note(.failed(delivery("b"), attempt: 1, .memoryLimitExceeded(limit: 1, peak: 2), seconds: 1), at: clock.now)
        watch.note(ended("b", .revoked(.revoked("terminated"), signal: 15), 5), at: clock.now)
        watch.note(ended("b", .revoked(.revoked("expired"), signal: nil), 0), at: clock.now)
        // One that went back and could not: its execution is counted once.
        watch.note(.interrupted(delivery("c"), attempt: 1, reason: "gone", seconds: 2), at: clock.now)
        watch.note(.failed(delivery("c"), attempt: 1, .unsent("too large", isNextTry: true), seconds: nil), at: clock.now)
        let refused = delivery("b")
        let result = TaskResult(id: refused.message.id, state: .revoked)
        watch.note(.refused(refused, Outcome(handle: refused.handle, results: [result]), reason: "expired"), at: clock.now)
        await watch.handOverOnce()
        let sums = await broker.statistics(since: nil).byTask
        let (a, b, c) = try (#require(sums["a"]), #require(sums["b"]), #require(sums["c"]))
        #expect([a.ran, a.failed, a.retried, a.revoked, a.lost] == [5, 2, 1, 0, 1])
        #expect(a.seconds == 8)
        #expect(a.durations.count == 5)
        #expect([b.ran, b.failed, b.retried, b.revoked, b.lost] == [3, 2, 0, 3, 1])
        #expect(b.seconds == 10)
        #expect([c.ran, c.failed, c.retried, c.revoked, c.lost] == [1, 1, 0, 0, 1])
    }

    @Test func `hands over the same report until it has arrived, and then only what is new`() async {
        let keeper = Flaky()
        let watch = watch(keeper)
        watch.note(ended("a", .success(1), 1), at: clock.now)
        keeper.fails.withLock { $0 = true }
        await watch.handOverOnce()
        watch.note(ended("a", .success(1), 1), at: clock.now)
        await watch.handOverOnce()
        keeper.fails.withLock { $0 = false }
        await watch.handOverOnce()
        await watch.handOverOnce()
        await watch.handOverOnce()
        let reports = keeper.reports.withLock { $0 }
        #expect(reports.map(\.number) == [1, 1, 1, 2])
        #expect(reports.map { $0.ledger.byTask["a"]?.ran } == [1, 1, 1, 1])
    }

    @Test func `tells a thousand names apart, and counts the others together`() async throws {
        let broker = MemoryBroker { [clock] in clock.now }
        let watch = watch(broker)
        for number in 0..<1_100 { watch.note(ended("t\(number)", .success(1), 1), at: clock.now) }
        await watch.handOverOnce()
        let sums = await broker.statistics(since: nil).byTask
        #expect(sums.count == 1_001)
        #expect(sums[StatisticsWatch.otherNames]?.ran == 100)
    }
}
