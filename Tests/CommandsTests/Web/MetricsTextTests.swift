import CeleryCore
import Testing

@testable import Commands

/// Metrics, from what was read to what Prometheus gets.
@Suite struct MetricsTextTests {
    private func reading(_ change: (inout StatisticsLedger) -> Void) -> MetricsReading {
        var ledger = StatisticsLedger()
        change(&ledger)
        var reading = MetricsReading()
        reading.ledger = ledger
        return reading
    }

    private func lines(_ reading: MetricsReading, _ format: MetricsText.Format = .prometheus) -> [String] {
        MetricsText(format: format).text(CeleryMetrics(reading: reading).families).split(separator: "\n").map(String.init)
    }

    private func ran(_ task: String, at start: Int = 60, _ change: (inout TaskTally) -> Void = { _ in }, in ledger: inout StatisticsLedger) {
        ledger.note(StatisticsPeriod(task: task, start: start, length: 60)) { tally in
            tally.noteEnd(seconds: 0.2)
            tally.noteEnd(seconds: 20)
            change(&tally)
        }
    }

    @Test func `counters and histograms of tasks have the names of Flower and of celery-exporter`() {
        var reading = reading { ran("demo.add", { $0.failed = 1 }, in: &$0) }
        reading.queuesOfTasks = ["demo.add": "images"]
        let lines = lines(reading)
        for line in [
            #"flower_events_total{worker="generic",type="task-started",task="demo.add"} 2"#,
            #"flower_events_total{worker="generic",type="task-succeeded",task="demo.add"} 1"#,
            #"flower_task_runtime_seconds_bucket{worker="generic",task="demo.add",le="0.25"} 1"#,
            #"flower_task_runtime_seconds_bucket{worker="generic",task="demo.add",le="30"} 2"#,
            #"flower_task_runtime_seconds_bucket{worker="generic",task="demo.add",le="+Inf"} 2"#,
            #"flower_task_runtime_seconds_sum{worker="generic",task="demo.add"} 20.2"#,
            #"celery_task_succeeded_total{name="demo.add",hostname="generic",queue_name="images"} 1"#,
            #"celery_task_failed_total{name="demo.add",hostname="generic",queue_name="images",exception=""} 1"#,
            #"celery_task_runtime_count{name="demo.add",hostname="generic",queue_name="images"} 2"#,
            #"celery_attempts_total{outcome="failed"} 1"#,
            "# TYPE celery_task_succeeded_total counter", "# TYPE flower_task_runtime_seconds histogram",
        ] { #expect(lines.contains(line), "\(line)") }
    }

    @Test func `workers are up or lost, and queues have their depths`() {
        var reading = reading { _ in }
        reading.queues = [QueueCount(name: "celery", ready: 3, scheduled: 2, running: nil, consumers: 1)]
        let running = WorkerReport.RunningTask(id: TaskID("x"), task: "t", attempt: 1, started: Timestamp(seconds: 0))
        reading.workers = [WorkerReport(name: "celery@a", pid: 1, queues: [], started: Timestamp(seconds: 0), running: [running], tasks: [])]
        reading.lost = ["celery@b"]
        let lines = lines(reading)
        for line in [
            #"flower_worker_online{worker="celery@a"} 1"#, #"flower_worker_online{worker="celery@b"} 0"#, #"celery_worker_up{hostname="b"} 0"#,
            #"flower_worker_number_of_currently_executing_tasks{worker="celery@a"} 1"#, #"celery_worker_tasks_active{hostname="a"} 1"#,
            #"celery_queue_length{queue_name="celery"} 3"#, #"celery_queue_scheduled{queue="celery"} 2"#,
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(!lines.contains { $0.hasPrefix("celery_queue_running") })
    }

    @Test func `OpenMetrics names counters without their suffix, and has an end`() {
        let lines = lines(reading { ran("t", in: &$0) }, .openMetrics)
        #expect(lines.contains("# TYPE celery_task_started counter") && lines.last == "# EOF")
        #expect(lines.contains { $0.hasPrefix("celery_task_started_total{") })
        #expect(MetricsText.Format(accept: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5") == .openMetrics)
        #expect(MetricsText.Format(accept: nil) == .prometheus && MetricsText.Format(accept: "*/*") == .prometheus)
    }

    @Test func `a name cannot break out of its label`() {
        let lines = lines(reading { ran("a\"} 1\nevil{x=\"\\", in: &$0) })
        #expect(lines.contains { $0.contains(#"task="a\"} 1\nevil{x=\"\\"}"#) })
        #expect(!lines.contains { $0.hasPrefix("evil") })
    }

    @Test func `a thousand names are two hundred series and one for the others, and nothing is lost`() {
        let lines = lines(reading { ledger in
            for number in 0..<1_000 { ran("task\(number)", at: 60 * (1 + number), in: &ledger) }
            ran(String(repeating: "x", count: 300), in: &ledger)
        })
        let started = lines.filter { $0.hasPrefix("celery_task_started_total{") }
        #expect(started.count == 201)
        #expect(started.contains { $0.contains(#"name="task0""#) } && started.contains { $0.contains(#"name="other""#) && $0.hasSuffix(" 1602") })
        #expect(started.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +) == 2_002)
    }
}
