import Arguments
import CeleryCore
import Client

/// `celery control`: sends commands to workers.
enum ControlCommand {
    static let command = RemoteCommand(
        kind: .control, summary: "Send commands to workers",
        discussion: ["Sends a command to all workers, or those of --destination, including Python's, and prints each worker's reply."],
        examples: [
            Example("celery control pool_grow 2", "Add two children to each pool."),
            Example("celery control -d celery@web1 add_consumer images", "Make one worker consume another queue too."),
            Example("celery control time_limit demo.tasks.add 30 60", "Set the time limits of a task."),
            Example("celery control shutdown", "Make all workers finish their running tasks and exit."),
        ]
    ).command
}

/// `celery inspect`: queries workers.
enum InspectCommand {
    static let command = RemoteCommand(
        kind: .inspect, summary: "Query workers",
        discussion: ["Sends a query to all workers, or those of --destination, including Python's, and prints each worker's reply."],
        examples: [
            Example("celery inspect active", "Show running tasks by worker."),
            Example("celery inspect stats --json", "Show the counters and settings of each worker as JSON."),
            Example("celery inspect registered max_retries", "Show registered tasks with an attribute."),
        ]
    ).command
}
