package import CeleryCore

extension MemoryBroker: StatisticsKeeping {
    package nonisolated var statisticsInterval: Duration { .seconds(1) }

    package func add(_ report: StatisticsReport) {
        ledger.add(report.ledger)
        ledger.fold(now: timeNow())
    }

    package func statistics(since: Timestamp?) -> StatisticsLedger { since.map(ledger.since) ?? ledger }

    package func resetStatistics() { ledger = StatisticsLedger() }
}
