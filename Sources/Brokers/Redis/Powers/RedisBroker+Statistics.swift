package import CeleryCore
import Redis

// Reports lie in a list, which whoever adds or reads one now and then replaces by its sum.
extension RedisBroker: StatisticsKeeping {
    package var statisticsInterval: Duration { .seconds(5) }

    /// Reports after which they are added up.
    private static let limit = 500
    /// Seconds for which the number of a worker's last report is known.
    private static let memory = 86_400

    package func add(_ report: StatisticsReport) async throws {
        let length = try await link.ask(
            RedisCommand(
                RedisBrokerScripts.addReport, keys: [layout.statistics, layout.lastReport(of: report.worker)],
                [.text(String(report.number)), .bytes(report.ledger.json.bytes()), .number(Self.memory)]))
        if (length.intValue ?? 0) > Self.limit { _ = try await sum() }
    }

    package func statistics(since: Timestamp?) async throws -> StatisticsLedger {
        let ledger = try await sum()
        return since.map(ledger.since) ?? ledger
    }

    package func resetStatistics() async throws { _ = try await link.ask(RedisCommand("DEL", .text(layout.statistics))) }

    /// Adds all reports up, and puts the sum in their place unless somebody else has.
    private func sum() async throws -> StatisticsLedger {
        let reports = (try await link.ask(RedisCommand("LRANGE", .text(layout.statistics), "0", "-1")).elements ?? []).compactMap(\.bytesValue)
        var ledger = StatisticsLedger()
        for report in reports {
            // An unreadable report is of another version.
            if let json = try? JSON(parsing: report), let part = StatisticsLedger(json: json) { ledger.add(part) }
        }
        ledger.fold(now: now())
        if reports.count > Self.limit, let first = reports.first {
            _ = try await link.ask(
                RedisCommand(
                    RedisBrokerScripts.foldReports, keys: [layout.statistics], [.bytes(first), .number(reports.count), .bytes(ledger.json.bytes())]))
        }
        return ledger
    }
}
