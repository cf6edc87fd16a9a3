import CeleryCore

/// The observers of a worker's tasks, notified in order.
struct TaskWatchers: Sendable {
    let watchers: [any TaskWatching]
    let now: @Sendable () -> Timestamp

    func tell(_ moment: TaskMoment) {
        let time = now()
        for watcher in watchers { watcher.note(moment, at: time) }
    }
}
