package import CeleryCore

extension MemoryBroker: QueueCounting {
    package func queues() -> [QueueCount] {
        promoteDue(timeNow())
        let waiting = Set(scheduled.map(\.tag))
        var counts: [String: QueueCount] = [:]
        func count(_ queue: String, _ change: (inout QueueCount) -> Void) {
            change(&counts[queue, default: QueueCount(name: queue, ready: 0, scheduled: 0, running: 0, consumers: 0)])
        }
        for entry in entries.values {
            count(entry.message.route.queue) {
                if entry.worker != nil { $0.running = ($0.running ?? 0) + 1 } else if waiting.contains(entry.tag) { $0.scheduled = ($0.scheduled ?? 0) + 1 } else { $0.ready += 1 }
            }
        }
        for consumer in consumers.values {
            for queue in consumer.queues { count(queue) { $0.consumers += 1 } }
        }
        return counts.values.sorted { $0.name < $1.name }
    }
}

extension MemoryBroker: MessageLocating {
    package func locate(_ ids: [TaskID]) -> [TaskID: MessageLocation] {
        var found: [TaskID: MessageLocation] = [:]
        for id in ids {
            guard let tag = tags[id], let entry = entries[tag] else { continue }
            let state: TaskState = entry.worker != nil ? .started : entry.message.retries > 0 ? .retry : .pending
            var location = MessageLocation(
                task: entry.message.task, queue: entry.message.route.queue, state: state,
                attempt: entry.attempt, retries: entry.message.retries)
            location.worker = entry.worker?.name
            location.eta = scheduled.first { $0.tag == tag }?.due
            location.submitted = entry.submitted
            location.started = entry.since
            found[id] = location
        }
        return found
    }
}
