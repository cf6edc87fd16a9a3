import CeleryAMQP
package import CeleryCore
import RabbitMQ

extension AMQPBroker: StatisticsKeeping {
    /// Each report is stored for weeks.
    package var statisticsInterval: Duration { .seconds(5) }

    package func add(_ report: StatisticsReport) async throws {
        guard try await link.abilities().has(.streams) else { return try await local.broker().add(report) }
        try await link.publish([StatisticsRecord.report(report).publication])
    }

    package func statistics(since: Timestamp?) async throws -> StatisticsLedger {
        guard try await link.abilities().has(.streams) else {
            return try await local.existing()?.statistics(since: since) ?? StatisticsLedger()
        }
        // Reading must not create the queue.
        guard try await readableState(of: StatisticsRecord.queue.name) != nil else { return StatisticsLedger() }
        let reading = StatisticsReading(mark: TaskID().text, since: since)
        let owner = try ConnectionOwner(link.alternatives, .onDemand) { StatisticsReader(reading) }
        let sum: StatisticsSum
        do {
            try await owner.perform(as: StatisticsReader.self, within: .seconds(20)) { (_, _) throws(RabbitMQError) in }
            try await link.publish([StatisticsRecord.mark(reading.mark).publication])
            sum = try await reading.sum()
        } catch {
            await owner.abort()
            throw (error as? RabbitMQError).map { DriverError($0, at: location) } ?? error
        }
        await owner.close()
        var ledger = since.map(sum.ledger.since) ?? sum.ledger
        ledger.fold(now: now())
        return ledger
    }

    package func resetStatistics() async throws {
        guard try await link.abilities().has(.streams) else {
            try await local.existing()?.resetStatistics()
            return
        }
        guard try await readableState(of: StatisticsRecord.queue.name) != nil else { return }
        try await link.publish([StatisticsRecord.reset.publication])
    }
}
