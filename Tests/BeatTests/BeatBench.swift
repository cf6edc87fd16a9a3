import CeleryCore
import Logging
import Schedules
import Synchronization
import Testing
import Wire

@testable import Beat

/// A beat under a clock of the test's own, which goes round by round.
struct BeatBench {
    let seat = FakeSeat()
    let store = FakeResults()
    let clock = Mutable(EntryPlanTests.noon)
    let lines = Mutable<[String]>([])
    let beat: Beat

    init(_ entries: [Entry], isOnce: Bool = false) throws {
        var configuration = BeatConfiguration(name: "celery", identity: WorkerIdentity(id: "1", name: "beat@here", pid: 1, process: ""))
        configuration.isOnce = isOnce
        beat = try Beat(
            configuration: configuration, entries: entries, broker: seat, store: store,
            logger: Logger(label: "beat") { [lines] _ in LineCollector(lines: lines) }, now: { [clock] in clock.value })
    }

    /// Lets time pass, then goes one round.
    /// - Returns: the due times, after noon, of what was sent in it.
    @discardableResult
    func round(after seconds: Double) async throws -> [Double] {
        clock.value = EntryPlanTests.noon + .seconds(seconds)
        let count = await seat.sent.count
        _ = try await beat.round(seat)
        return try await seat.sent.dropFirst(count).map { message in
            let due = try #require(message.headers["beat_due"]?.stringValue)
            return try #require(ISO8601.timestamp(due)).seconds - EntryPlanTests.noon.seconds
        }
    }

    func record(_ name: String = "tidy") async -> EntryRecord? { await seat.state.records[name] }
}

/// A value that a test changes while others read it.
final class Mutable<Value: Sendable>: Sendable {
    private let stored: Mutex<Value>

    init(_ value: Value) { stored = Mutex(value) }

    var value: Value {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}

/// Results as a test puts them there.
final actor FakeResults: ResultStore {
    nonisolated let location = "fake://"
    private var found: [TaskID: TaskResult] = [:]

    func store(_ results: [TaskResult]) { for result in results { found[result.id] = result } }
    func results(for ids: [TaskID]) -> [TaskID: TaskResult] { found.filter { ids.contains($0.key) } }
    func forget(_ ids: [TaskID]) -> Int { 0 }
    func close() {}
}

private struct LineCollector: LogHandler {
    let lines: Mutable<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(lines: Mutable<[String]>) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.value.append("\(event.level): \(event.message)") }
}
