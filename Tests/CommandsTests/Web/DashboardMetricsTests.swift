import CeleryCore
import Testing

@testable import Commands

/// Dashboards and alert rules made for Flower and for celery-exporter.
@Suite struct DashboardMetricsTests {
    /// The series that Flower's example dashboard and alerts, and the overview and by-task dashboards of celery-exporter, ask for, with the labels
    /// by which they select and sum.
    static let asked: [(name: String, labels: Set<String>)] = [
        ("flower_worker_online", ["worker"]), ("flower_worker_number_of_currently_executing_tasks", ["worker"]),
        ("flower_events_total", ["task", "type", "worker"]), ("flower_task_prefetch_time_seconds", ["task", "worker"]),
        ("flower_worker_prefetched_tasks", ["task", "worker"]), ("flower_task_runtime_seconds_bucket", ["task", "worker", "le"]),
        ("flower_task_runtime_seconds_sum", ["task", "worker"]), ("flower_task_runtime_seconds_count", ["task", "worker"]),
        ("celery_task_sent_total", ["name", "queue_name", "hostname"]), ("celery_task_received_total", ["name", "queue_name", "hostname"]),
        ("celery_task_started_total", ["name", "queue_name", "hostname"]), ("celery_task_succeeded_total", ["name", "queue_name", "hostname"]),
        ("celery_task_failed_total", ["name", "queue_name", "hostname", "exception"]), ("celery_task_rejected_total", ["name", "queue_name", "hostname"]),
        ("celery_task_retried_total", ["name", "queue_name", "hostname"]), ("celery_task_revoked_total", ["name", "queue_name", "hostname"]),
        ("celery_task_runtime_bucket", ["name", "queue_name", "hostname", "le"]), ("celery_task_runtime_sum", ["name", "queue_name", "hostname"]),
        ("celery_task_runtime_count", ["name", "queue_name", "hostname"]), ("celery_task_queue_wait_time_bucket", ["name", "queue_name", "hostname", "le"]),
        ("celery_queue_length", ["queue_name"]), ("celery_worker_up", ["hostname"]), ("celery_worker_tasks_active", ["hostname"]),
        ("celery_active_consumer_count", ["queue_name"]), ("celery_active_worker_count", ["queue_name"]),
    ]

    /// The metrics of a small fleet that has done something.
    private func series() -> [String: Set<String>] {
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
        var series: [String: Set<String>] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")[0].split(separator: "{")
            let labels = parts.count > 1 ? parts[1].dropLast().split(separator: ",").map { String($0.split(separator: "=")[0]) } : []
            series[String(parts[0]), default: []].formUnion(labels)
        }
        return series
    }

    @Test func `find every series and every label that they ask for`() {
        let series = series()
        for (name, labels) in Self.asked { #expect(series[name].map { labels.isSubset(of: $0) } == true, "\(name) \(labels)") }
    }

    @Test func `find the tasks of the project before the first event`() {
        let text = MetricsText(format: .prometheus).text(EventMetrics(tally: EventTally(queuesOfTasks: ["demo.add": "images"])).families)
        #expect(text.contains(#"celery_task_sent_total{name="demo.add",hostname="generic",queue_name="images"} 0"#))
    }
}
