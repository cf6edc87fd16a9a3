import CeleryCore
import Tasks

/// The observers of a worker's tasks, notified in order.
struct TaskWatchers: Sendable {
    let watchers: [any TaskWatching]
    let now: @Sendable () -> Timestamp

    func tell(_ moment: TaskMoment) {
        let time = now()
        for watcher in watchers { watcher.note(moment, at: time) }
    }

    /// The end of a job.
    func tell(_ moment: TaskMoment, of job: Job) {
        let time = now()
        for watcher in watchers { watcher.note(moment, at: time, disablesErrorEmails: job.definition.terms.disablesErrorEmails) }
    }

    func tellLoss(of worker: String, messages: Int) {
        let time = now()
        for watcher in watchers { watcher.noteLoss(of: worker, messages: messages, at: time) }
    }
}
