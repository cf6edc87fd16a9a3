import CeleryCore

/// The metrics of an event tally.
struct EventMetrics {
    let tally: EventTally

    /// The bounds of celery-exporter for times of waiting.
    private static let bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800]

    var families: [MetricFamily] {
        let since = ", since this server began"
        var wait = MetricFamily(
            "celery_task_queue_wait_time", .histogram, "Seconds between the sending of a task, or its ETA, and its start\(since).")
        for (key, histogram) in tally.waits.sorted(by: { Self.isBefore($0.key, $1.key) }) {
            wait.add(
                Self.bounds, histogram.counts(upTo: Self.bounds), count: histogram.count, sum: tally.waitedSeconds[key] ?? 0, Self.labels(key))
        }
        var time = MetricFamily(
            "flower_task_prefetch_time_seconds", .gauge, "Seconds between receipt and start of the task that the worker began last; 0 after its end.")
        for (place, seconds) in tally.prefetchTimes.sorted(by: { Self.isBefore($0.key, $1.key) }) { time.add(seconds, Self.labels(place)) }
        var prefetched = MetricFamily("flower_worker_prefetched_tasks", .gauge, "Tasks that the worker has received and not begun.")
        for (place, count) in tally.prefetched.sorted(by: { Self.isBefore($0.key, $1.key) }) { prefetched.add(count, Self.labels(place)) }
        return [
            counter("sent", "Tasks sent\(since), by those that send events.", tally.sent),
            counter("received", "Tasks that workers received\(since).", tally.received),
            counter("rejected", "Tasks that workers gave back\(since).", tally.rejected),
            wait, time, prefetched,
        ]
    }

    private func counter(_ kind: String, _ help: String, _ counts: [EventTally.Key: Int]) -> MetricFamily {
        var family = MetricFamily("celery_task_\(kind)", .counter, help)
        var counts = counts
        // Counters start at 0, so that `rate` sees the first event. Dashboards build their list of tasks from the sent counter.
        let seen = Set(counts.keys.map(\.task))
        for (task, queue) in tally.queuesOfTasks.sorted(by: { $0.key < $1.key }).prefix(200) where !seen.contains(task) {
            counts[EventTally.Key(task: task, host: CeleryMetrics.generic, queue: queue)] = 0
        }
        for (key, count) in counts.sorted(by: { Self.isBefore($0.key, $1.key) }) { family.add(count, Self.labels(key)) }
        return family
    }

    private static func labels(_ key: EventTally.Key) -> [(String, String)] {
        [("name", key.task), ("hostname", key.host), ("queue_name", key.queue)]
    }

    private static func labels(_ place: EventTally.Place) -> [(String, String)] { [("worker", place.worker), ("task", place.task)] }

    private static func isBefore(_ left: EventTally.Key, _ right: EventTally.Key) -> Bool {
        (left.task, left.host, left.queue) < (right.task, right.host, right.queue)
    }

    private static func isBefore(_ left: EventTally.Place, _ right: EventTally.Place) -> Bool {
        (left.worker, left.task) < (right.worker, right.task)
    }
}
