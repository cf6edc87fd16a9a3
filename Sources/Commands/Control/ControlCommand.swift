import Arguments
import CeleryCore
import Client

/// `celery control`: give orders to workers.
enum ControlCommand {
    static let command = RemoteCommand(
        kind: .control, summary: "Give orders to workers",
        discussion: ["Gives an order to all workers, or those of --destination, ours and Python's, and prints what each says to it."],
        examples: [
            Example("celery control pool_grow 2", "Run two more tasks at a time."),
            Example("celery control -d celery@web1 add_consumer images", "Have one worker take from another queue too."),
            Example("celery control time_limit demo.tasks.add 30 60", "Limit the time of a task."),
            Example("celery control shutdown", "Have all workers finish what runs and exit."),
        ]
    ).command
}

/// `celery inspect`: ask workers.
enum InspectCommand {
    static let command = RemoteCommand(
        kind: .inspect, summary: "Ask workers what they do",
        discussion: ["Puts a question to all workers, or those of --destination, ours and Python's, and prints what each answers."],
        examples: [
            Example("celery inspect active", "What runs now, and where."),
            Example("celery inspect stats --json", "Counts and settings of each worker, as JSON."),
            Example("celery inspect registered max_retries", "Tasks with an attribute."),
        ]
    ).command
}
