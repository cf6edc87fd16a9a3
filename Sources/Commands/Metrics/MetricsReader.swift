import Beat
import CeleryCore
import Client
import Configuration
import Synchronization
import Tasks

/// Reads from broker and store what metrics are made of. What one of them cannot tell is left out.
final class MetricsReader: Sendable {
    private let client: Client
    let queuesOfTasks: [String: String]
    private let entries: [Entry]
    private let errors = Mutex(0)

    /// Dead letters that are counted; above, their number stays there.
    private static let mostDeadLetters = 10_000

    /// - Parameter context: For the project's tasks and periodic tasks.
    init(_ context: CommandContext, _ client: Client) throws {
        self.client = client
        let table = try? EntryTable(try context.resolved(), context, client: client)
        entries = table?.entries ?? []
        var queues: [String: String] = [:]
        let common = CommonOptions.table
        for task in try context.registry(client.settings).registry.sorted {
            queues[task.name] = task.options[common.queue] ?? client.settings.defaultQueue
        }
        queuesOfTasks = queues
    }

    /// - Throws: `DriverError` only if the broker cannot be reached at all.
    func read() async throws -> MetricsReading {
        var reading = MetricsReading()
        reading.queuesOfTasks = queuesOfTasks
        reading.defaultQueue = client.settings.defaultQueue
        let broker = client.broker
        if let counting = broker as? any QueueCounting {
            reading.queues = try await counting.queues().filter { $0.trouble == nil }
        }
        if let knowing = broker as? any AgeKnowing {
            let now = Timestamp.now
            let oldest = await attempt { try await knowing.oldestWaiting() } ?? [:]
            reading.ages = oldest.mapValues { max(0, now.seconds - $0.seconds) }
        }
        if let keeper = broker as? any StatisticsKeeping { reading.ledger = await attempt { try await keeper.statistics(since: nil) } }
        if let listing = broker as? any WorkerListing { reading.workers = await attempt { try await listing.workers() } ?? [] }
        if let telling = broker as? any LossTelling {
            let alive = Set(reading.workers.map(\.name))
            let lost = await attempt { try await telling.lostWorkers().workers } ?? []
            reading.lost = lost.map(\.name).filter { !alive.contains($0) }
        }
        if let keeper = broker as? any DeadLetterKeeping {
            let letters = await attempt {
                try await keeper.deadLetters(DeadLetterFilter(), limit: Self.mostDeadLetters, withContent: false)
            }
            for letter in letters ?? [] {
                reading.deadLetters[MetricsReading.DeadLetterCount(queue: letter.queue, reason: letter.burial.reason.name), default: 0] += 1
            }
        }
        if !entries.isEmpty, let keeper = broker as? any BeatKeeping {
            let name = client.settings.beatName
            if let state = await attempt({ try await keeper.state(of: name) }) { reading.lateness = lateness(state, now: .now) }
        }
        reading.errors = errors.withLock { $0 }
        return reading
    }

    private func lateness(_ state: BeatState, now: Timestamp) -> [String: Double] {
        var lateness: [String: Double] = [:]
        for entry in entries {
            let outlook = EntryOutlook(entry: entry, record: state.records[entry.name], now: now)
            let next = outlook.health == .late ? outlook.next : nil
            lateness[entry.name] = next.map { max(0, now.seconds - $0.seconds) } ?? 0
        }
        return lateness
    }

    /// - Returns: `nil` after an error, which is counted.
    private func attempt<Value: Sendable>(_ body: () async throws -> Value) async -> Value? {
        do {
            return try await body()
        } catch {
            errors.withLock { $0 += 1 }
            return nil
        }
    }
}
