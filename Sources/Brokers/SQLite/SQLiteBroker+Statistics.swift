package import CeleryCore
import CeleryDB

extension SQLiteBroker: StatisticsKeeping {
    package var statisticsInterval: Duration { .seconds(2) }

    package func add(_ report: StatisticsReport) async throws {
        let now = self.now()
        // A machine that goes down may forget the last moments, like a worker that does.
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
