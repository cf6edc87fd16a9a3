import CeleryCore
import Glibc
import Wire

/// Formats statistics for `celery stats`.
struct StatisticsText {
    let ledger: StatisticsLedger
    let since: Timestamp?
    let now: Timestamp

    /// The tallies by task, longest total time first.
    private var tasks: [(name: String, tally: TaskTally)] {
        ledger.byTask.map { ($0.key, $0.value) }.sorted { ($1.1.seconds, $0.0) < ($0.1.seconds, $1.0) }
    }

    /// The start of the counted period: a whole minute, for older periods a whole hour or day.
    private var start: Timestamp {
        let first = ledger.start.map { Timestamp(seconds: Double($0)) } ?? now
        return since.map { min($0, first) } ?? first
    }

    private static let headings = ["task", "ran", "failed", "retried", "total", "mean", "p50", "p95", "p99", "rate"]

    /// The lines of the original's report, then a table with further columns.
    ///
    /// - Parameter width: The width of the terminal; `nil` when the output is not a terminal.
    func lines(width: Int?) -> [String] {
        let tasks = self.tasks
        let all = tasks.reduce(into: TaskTally()) { $0.add($1.tally) }
        var lines = ["Total processing time by task type:"]
        lines += tasks.map { "\t\($0.name.forLog): \(number($0.tally.seconds)) secs. (for a total of \($0.tally.ran) executed.)" }
        lines += ["Total task processing time: \(number(all.seconds)) secs.", "Total tasks processed: \(all.ran)", ""]
        // Always with headings, since scripts read them.
        if width == nil { lines.append(Self.headings.row) }
        var table = Table(Self.headings)
        for (name, tally) in tasks {
            let times = [tally.mean, percentile(0.5, tally), percentile(0.95, tally), percentile(0.99, tally)]
            let fields = ["\(tally.ran)", "\(tally.failed)", "\(tally.retried)", number(tally.seconds)]
                + times.map { $0.map(number) ?? "-" } + [number(rate(tally)) + "/s"]
            table.add([name.forLog] + fields)
        }
        return lines + table.lines(width: width)
    }

    /// One object for each task.
    var objects: [JSONObject] {
        tasks.map { name, tally in
            func time(_ seconds: Double?) -> JSON { seconds.map { .number(rounded($0)) } ?? .null }
            return [
                "task": .string(name), "ran": count(tally.ran), "failed": count(tally.failed),
                "retried": count(tally.retried), "revoked": count(tally.revoked), "lost": count(tally.lost),
                "total": .number(tally.seconds), "mean": time(tally.mean), "p50": time(percentile(0.5, tally)),
                "p95": time(percentile(0.95, tally)), "p99": time(percentile(0.99, tally)),
                "rate": time(rate(tally)), "since": .string(ISO8601.text(start)),
            ]
        }
    }

    /// Executions per second from `start` until now.
    private func rate(_ tally: TaskTally) -> Double { Double(tally.ran) / max(1, now.seconds - start.seconds) }

    private func percentile(_ part: Double, _ tally: TaskTally) -> Double? { tally.durations.percentile(part) }

    private func count(_ number: Int) -> JSON { .int(Int64(number)) }

    private func number(_ value: Double) -> String { JSON.number(rounded(value)).displayText }

    /// Rounds to three significant digits, the precision of percentiles.
    private func rounded(_ value: Double) -> Double {
        guard value > 0 else { return 0 }
        if value >= 100 { return value.rounded() }
        let scale = pow(10, 2 - floor(log10(value)))
        return (value * scale).rounded() / scale
    }
}
