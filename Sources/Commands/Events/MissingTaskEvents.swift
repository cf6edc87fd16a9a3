import CeleryCore

/// Notices that workers send no events about tasks, so that `celery events` can say why it shows none.
struct MissingTaskEvents {
    static let advice = "workers send events about tasks with celery celeryd -E, with CELERY_SEND_EVENTS = true, or after celery control enable_events"

    /// Maximum number of workers remembered. Anybody may send events.
    private static let workerLimit = 10_000

    /// Whether there was any event about a task.
    private(set) var hasSeenTask = false
    /// Number of begun tasks in the last heartbeat of each worker.
    private var counts: [String: Int] = [:]
    /// Workers that have sent events about tasks, or were reported.
    private var settled: Set<String> = []

    /// Notes an event.
    ///
    /// - Returns: A hint when a worker has begun tasks since its last heartbeat and has told nothing about them; once for each.
    mutating func note(_ event: Event) -> String? {
        if event.isOfTask {
            hasSeenTask = true
            // Clients send this one.
            if event.type != "task-sent", settled.count < Self.workerLimit { settled.insert(event.hostname) }
            return nil
        }
        guard let count = event.details["processed"]?.intValue, counts.count < Self.workerLimit else { return nil }
        let last = counts.updateValue(count, forKey: event.hostname)
        guard let last, count > last, settled.insert(event.hostname).inserted else { return nil }
        return "hint: worker \(event.hostname.forLog) runs tasks and sends no events about them; \(Self.advice)"
    }
}
