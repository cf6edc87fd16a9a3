import CeleryCore
import Fixtures
import Testing

@testable import Commands

/// Dashboards and alert rules made for Flower and for celery-exporter.
@Suite struct DashboardMetricsTests {
    /// What a line of the recorded list asks for.
    struct Selector: Sendable, CustomStringConvertible {
        let description: String
        let name: String
        /// By which it selects or sums.
        var labels: Set<String> = []
        /// Labels that must have exactly this value.
        var values: [String: String] = [:]

        /// Reads `series{label="value", label=~"pattern"} by (label, label)`.
        init?(_ line: Substring) {
            description = String(line)
            name = String(line.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            var rest = line.dropFirst(name.count)
            guard !name.isEmpty else { return nil }
            if rest.hasPrefix("{") {
                guard let end = rest.firstIndex(of: "}") else { return nil }
                for matcher in rest[..<end].dropFirst().split(separator: ",") {
                    let label = String(matcher.drop { $0 == " " }.prefix { $0.isLetter || $0 == "_" })
                    labels.insert(label)
                    let parts = matcher.split(separator: "\"", omittingEmptySubsequences: false)
                    guard parts.count == 3 else { return nil }
                    if parts[0].hasSuffix("="), !parts[0].hasSuffix("!=") { values[label] = String(parts[1]) }
                }
                rest = rest[rest.index(after: end)...]
            }
            guard !rest.isEmpty else { return }
            guard rest.hasPrefix(" by ("), rest.hasSuffix(")") else { return nil }
            for label in rest.dropFirst(5).dropLast().split(separator: ",") { labels.insert(String(label.drop { $0 == " " })) }
        }
    }

    /// A sample of the metrics: its labels.
    private typealias Sample = [String: String]

    /// The metrics of a small fleet that has done something.
    private func series() -> [String: [Sample]] {
        var ledger = StatisticsLedger()
        ledger.note(StatisticsPeriod(task: "t", start: 60, length: 60)) { $0.noteEnd(seconds: 1) }
        var reading = MetricsReading()
        reading.ledger = ledger
        reading.queues = [QueueCount(name: "celery", ready: 1, scheduled: nil, running: nil, consumers: 1)]
        reading.workers = [WorkerReport(name: "celery@a", pid: 1, queues: [], started: Timestamp(seconds: 0), running: [], tasks: [])]
        var tally = EventTally(queuesOfTasks: ["t": "celery"])
        for (type, time) in [("task-sent", 1.0), ("task-received", 2), ("task-started", 3)] {
            tally.add(Event(type, from: "celery@a", pid: 1, clock: 1, at: Timestamp(seconds: time), details: ["uuid": "x", "name": "t"]))
        }
        let text = MetricsText(format: .prometheus).text(CeleryMetrics(reading: reading).families + EventMetrics(tally: tally).families)
        var series: [String: [Sample]] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")[0].split(separator: "{")
            var sample: Sample = [:]
            for label in parts.count > 1 ? parts[1].dropLast().split(separator: ",") : [] {
                let pair = label.split(separator: "=", maxSplits: 1)
                sample[String(pair[0])] = String(pair[1].dropFirst().dropLast())
            }
            series[String(parts[0]), default: []].append(sample)
        }
        return series
    }

    @Test func `find every series, label and value that they ask for`() throws {
        let series = series()
        let lines = try Golden.text("dashboard-selectors.txt").split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count > 30)
        for line in lines {
            let selector = try #require(Selector(line), "\(line)")
            let samples = try #require(series[selector.name], "\(selector)")
            #expect(samples.contains { selector.labels.isSubset(of: $0.keys) }, "\(selector)")
            for (label, value) in selector.values { #expect(samples.contains { $0[label] == value }, "\(selector)") }
        }
    }

    @Test func `find the tasks of the project before the first event`() {
        let text = MetricsText(format: .prometheus).text(EventMetrics(tally: EventTally(queuesOfTasks: ["demo.add": "images"])).families)
        #expect(text.contains(#"celery_task_sent_total{name="demo.add",hostname="generic",queue_name="images"} 0"#))
    }
}
