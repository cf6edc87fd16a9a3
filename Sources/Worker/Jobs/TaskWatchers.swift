import CeleryCore

/// Those who are told what happens to tasks, in the order in which they are named.
struct TaskWatchers: Sendable {
    let watchers: [any TaskWatching]
    let now: @Sendable () -> Timestamp

    func tell(_ moment: TaskMoment) {
        let time = now()
        for watcher in watchers { watcher.note(moment, at: time) }
    }
}
