package import CeleryCore
import CeleryDB

extension SQLiteBroker: StatisticsKeeping {
    package var statisticsInterval: Duration { .seconds(2) }

    package func add(_ report: StatisticsReport) async throws {
        let now = self.now()
        // A power failure may lose the last moments, as a worker's crash does.
        try await file.write(durable: false) { db in
            try StatisticsTable.add(report.ledger, now: now, in: db)
        }
    }

    package func statistics(since: Timestamp?) async throws -> StatisticsLedger {
        try await file.read { try StatisticsTable.ledger(since: since, in: $0) }
    }

    package func resetStatistics() async throws {
        try await file.write { try StatisticsTable.reset(in: $0) }
    }
}
