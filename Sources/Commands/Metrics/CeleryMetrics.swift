import CeleryCore

/// The metrics of a fleet: under the names of Flower, of celery-exporter, and our own, so that dashboards for any of them work.
///
/// Counters come from the statistics that workers store, which are summed over all workers: their `worker` and `hostname` is
/// `generic`, as celery-exporter has it on request. Gauges of workers have the workers' names.
struct CeleryMetrics {
    let reading: MetricsReading

    /// Most tasks, queues, workers and entries with a series of their own.
    private static let most = 200
    /// The bounds of Prometheus's client library, and longer ones for tasks that take minutes.
    static let bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300, 1_800, 3_600]
    static let generic = "generic"

    var families: [MetricFamily] { taskFamilies + workerFamilies + queueFamilies + ownFamilies }

    /// A task's numbers under the name that is told.
    private struct Row {
        var task: String
        var queue: String
        var tally: TaskTally
        /// Executions that neither failed nor are tried again.
        var succeeded: Int { max(0, tally.ran - tally.failed - tally.retried) }
    }

    /// The tasks, with those beyond the limit as one. The first come first, so that a series never ends because of a new name.
    private var rows: [Row] {
        guard let ledger = reading.ledger else { return [] }
        var starts: [String: Int] = [:]
        for period in ledger.tallies.keys { starts[period.task] = min(starts[period.task] ?? .max, period.start) }
        var cap = LabelCap(Self.most)
        var sums: [String: TaskTally] = [:]
        for (task, tally) in ledger.byTask.sorted(by: { (starts[$0.key] ?? 0, $0.key) < (starts[$1.key] ?? 0, $1.key) }) {
            sums[cap.value(task), default: TaskTally()].add(tally)
        }
        return sums.sorted { $0.key < $1.key }.map {
            Row(task: $0.key, queue: reading.queuesOfTasks[$0.key] ?? reading.defaultQueue, tally: $0.value)
        }
    }

    private var taskFamilies: [MetricFamily] {
        let rows = rows
        var events = MetricFamily("flower_events", .counter, "Executions by how they began and ended, of all workers together.")
        var runtime = MetricFamily("flower_task_runtime_seconds", .histogram, "Seconds that executions took, however they ended.")
        var exported = MetricFamily("celery_task_runtime", .histogram, runtime.help)
        for row in rows {
            let kinds = [
                ("started", row.tally.ran), ("succeeded", row.succeeded), ("failed", row.tally.failed), ("retried", row.tally.retried),
                ("revoked", row.tally.revoked),
            ]
            for (kind, count) in kinds {
                events.add(count, [("worker", Self.generic), ("type", "task-\(kind)"), ("task", row.task)])
            }
            let counts = row.tally.durations.counts(upTo: Self.bounds)
            let count = row.tally.durations.count
            runtime.add(Self.bounds, counts, count: count, sum: row.tally.seconds, [("worker", Self.generic), ("task", row.task)])
            exported.add(Self.bounds, counts, count: count, sum: row.tally.seconds, labels(row))
        }
        let counters = [
            counter("started", "Executions that ended, however they ended.", rows) { $0.tally.ran },
            counter("succeeded", "Executions that neither failed nor are tried again; those terminated or lost are among them.", rows) { $0.succeeded },
            counter("retried", "Executions after which the task is tried again.", rows) { $0.tally.retried },
            counter("revoked", "Tasks that were revoked or had expired.", rows) { $0.tally.revoked },
        ]
        var failed = MetricFamily("celery_task_failed", .counter, "Executions after which the task failed for good.")
        // Statistics do not keep why.
        for row in rows { failed.add(row.tally.failed, labels(row) + [("exception", "")]) }
        return [events, runtime] + counters + [failed, exported]
    }

    private func labels(_ row: Row) -> [(String, String)] {
        [("name", row.task), ("hostname", Self.generic), ("queue_name", row.queue)]
    }

    private func counter(_ kind: String, _ help: String, _ rows: [Row], _ count: (Row) -> Int) -> MetricFamily {
        var family = MetricFamily("celery_task_\(kind)", .counter, help)
        for row in rows { family.add(count(row), labels(row)) }
        return family
    }

    private var workerFamilies: [MetricFamily] {
        var online = MetricFamily("flower_worker_online", .gauge, "1 for a worker that runs, 0 for one that was lost within the last hour.")
        var executing = MetricFamily("flower_worker_number_of_currently_executing_tasks", .gauge, "Tasks that the worker runs.")
        var up = MetricFamily("celery_worker_up", .gauge, online.help)
        var active = MetricFamily("celery_worker_tasks_active", .gauge, executing.help)
        var cap = LabelCap(Self.most)
        for worker in reading.workers.sorted(by: { $0.name < $1.name }) {
            let name = cap.value(worker.name)
            // One series cannot stand for several workers.
            guard name != LabelCap.other else { continue }
            online.add(1, [("worker", name)])
            up.add(1, [("hostname", Self.host(name))])
            executing.add(worker.running.count, [("worker", name)])
            active.add(worker.running.count, [("hostname", Self.host(name))])
        }
        for worker in reading.lost.map({ cap.value($0) }) where worker != LabelCap.other {
            online.add(0, [("worker", worker)])
            up.add(0, [("hostname", Self.host(worker))])
        }
        return [online, executing, Self.distinct(up), Self.distinct(active)]
    }

    /// The part of a worker's name after the @, as celery-exporter has it.
    static func host(_ worker: String) -> String {
        worker.firstIndex(of: "@").map { String(worker[worker.index(after: $0)...]) } ?? worker
    }

    /// Joins the samples of workers on one machine: a machine is up if one of them is, and runs what all run.
    private static func distinct(_ family: MetricFamily) -> MetricFamily {
        var joined = family
        joined.samples = []
        for sample in family.samples {
            if let index = joined.samples.firstIndex(where: { $0.labels == sample.labels }) {
                let other = joined.samples[index].value
                joined.samples[index].value = family.name == "celery_worker_up" ? max(other, sample.value) : other + sample.value
            } else {
                joined.samples.append(sample)
            }
        }
        return joined
    }

    private var queueFamilies: [MetricFamily] {
        var length = MetricFamily("celery_queue_length", .gauge, "Messages that are due and wait.")
        var consumers = MetricFamily("celery_active_consumer_count", .gauge, "Workers that consume the queue.")
        var workers = MetricFamily("celery_active_worker_count", .gauge, consumers.help)
        var scheduled = MetricFamily("celery_queue_scheduled", .gauge, "Messages that wait for their time.")
        var oldest = MetricFamily("celery_queue_oldest_seconds", .gauge, "Seconds since the oldest message that is due was submitted.")
        var running = MetricFamily("celery_queue_running", .gauge, "Messages that workers have.")
        for queue in reading.queues.sorted(by: { $0.name < $1.name }).prefix(Self.most) where queue.name.utf8.count <= LabelCap.longest {
            length.add(queue.ready, [("queue_name", queue.name)])
            consumers.add(queue.consumers, [("queue_name", queue.name)])
            workers.add(queue.consumers, [("queue_name", queue.name)])
            if let age = reading.ages[queue.name] { oldest.add(age, [("queue", queue.name)]) }
            if let count = queue.scheduled { scheduled.add(count, [("queue", queue.name)]) }
            if let count = queue.running { running.add(count, [("queue", queue.name)]) }
        }
        return [length, consumers, workers, oldest, scheduled, running]
    }

    private var ownFamilies: [MetricFamily] {
        var letters = MetricFamily("celery_dead_letters", .gauge, "Dead letters; 10000 are counted.")
        var cap = LabelCap(Self.most)
        var counts: [MetricsReading.DeadLetterCount: Int] = [:]
        for (place, count) in reading.deadLetters.sorted(by: { ($0.key.queue, $0.key.reason) < ($1.key.queue, $1.key.reason) }) {
            counts[MetricsReading.DeadLetterCount(queue: cap.value(place.queue), reason: place.reason), default: 0] += count
        }
        for (place, count) in counts.sorted(by: { ($0.key.queue, $0.key.reason) < ($1.key.queue, $1.key.reason) }) {
            letters.add(count, [("queue", place.queue), ("reason", place.reason)])
        }
        var attempts = MetricFamily("celery_attempts", .counter, "Executions of all tasks by outcome.")
        if reading.ledger != nil {
            let rows = rows
            func sum(_ count: (Row) -> Int) -> Int { rows.reduce(0) { $0 + count($1) } }
            attempts.add(sum { $0.succeeded }, [("outcome", "succeeded")])
            attempts.add(sum { $0.tally.failed }, [("outcome", "failed")])
            attempts.add(sum { $0.tally.retried }, [("outcome", "retried")])
            attempts.add(sum { $0.tally.revoked }, [("outcome", "revoked")])
            attempts.add(sum { $0.tally.lost }, [("outcome", "lost")])
        }
        var late = MetricFamily("celery_beat_late_seconds", .gauge, "Seconds by which the next run of a periodic task is late; 0 if it is not.")
        for (entry, seconds) in reading.lateness.sorted(by: { $0.key < $1.key }).prefix(Self.most) { late.add(seconds, [("entry", entry)]) }
        var errors = MetricFamily("celery_store_errors", .counter, "Failures to read broker or store for these metrics.")
        errors.add(reading.errors)
        var build = MetricFamily("celery_build_info", .gauge, "The version of this program.")
        build.add(1, [("version", Version.text)])
        return [letters, attempts, late, errors, build]
    }
}
