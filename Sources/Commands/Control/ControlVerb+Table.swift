import CeleryCore

extension ControlVerb {
    private static let children: ClosedRange<Int> = 1...AutoscaleRange.limit

    /// Every method of Python's workers that is useful in a shell, with the argument order of Python's command line.
    static let all: [ControlVerb] = [
        ControlVerb(.inspect, "active", help: "Running tasks."),
        ControlVerb(.inspect, "active_queues", help: "Queues that the worker consumes."),
        ControlVerb(.inspect, "clock", help: "The logical clock."),
        ControlVerb(.inspect, "conf", [Argument("with_defaults", "WITH_DEFAULTS", .truth)], help: "Settings that differ from their defaults, or all settings with 'yes'; passwords are hidden."),
        ControlVerb(.inspect, "memsample", help: "Resident memory of the worker's own process."),
        ControlVerb(.inspect, "ping", help: "Replies pong."),
        ControlVerb(.inspect, "query_task", rest: .list("ids", shown: "ID"), needsRest: true, help: "The status of tasks with these ids, if the worker has them."),
        ControlVerb(.inspect, "registered", rest: .list("taskinfoitems", shown: "ATTRIBUTE"), help: "Registered tasks, with these attributes, such as max_retries."),
        ControlVerb(.inspect, "report", help: "Information for bug reports: versions, machine, settings."),
        ControlVerb(.inspect, "reserved", help: "Tasks received from the broker and not yet started."),
        ControlVerb(.inspect, "revoked", help: "Ids of revoked tasks."),
        ControlVerb(.inspect, "scheduled", help: "Tasks waiting for their ETA."),
        ControlVerb(.inspect, "stats", help: "Counters, pool, broker connection and resource usage."),

        ControlVerb(
            .control, "add_consumer",
            [
                Argument("queue", "QUEUE", isRequired: true), Argument("exchange", "EXCHANGE"), Argument("exchange_type", "TYPE"),
                Argument("routing_key", "KEY"),
            ], help: "Start consuming this queue."),
        ControlVerb(.control, "autoscale", [Argument("max", "MAX", .whole(children)), Argument("min", "MIN", .whole(children))], help: "Change the bounds of --autoscale."),
        ControlVerb(.control, "cancel_consumer", [Argument("queue", "QUEUE", isRequired: true)], help: "Stop consuming this queue."),
        ControlVerb(.control, "disable_events", help: "Stop sending task events."),
        ControlVerb(.control, "enable_events", help: "Start sending task events."),
        ControlVerb(.control, "heartbeat", help: "Send a heartbeat event now."),
        ControlVerb(.control, "pool_grow", [Argument("n", "N", .whole(children))], help: "Add N children, by default 1."),
        ControlVerb(.control, "pool_restart", help: "Replace each child when its current tasks have finished."),
        ControlVerb(.control, "pool_shrink", [Argument("n", "N", .whole(children))], help: "Remove N children, by default 1, as they become idle."),
        ControlVerb(.control, "rate_limit", [Argument("task_name", "TASK", isRequired: true), Argument("rate_limit", "RATE", isRequired: true)], help: "Start tasks of this name at most at RATE, such as 10/s, 5/m or 2/h; 0 removes the limit."),
        ControlVerb(.control, "revoke", rest: .list("task_id", shown: "ID"), needsRest: true, help: "Do not run tasks with these ids."),
        ControlVerb(.control, "revoke_by_stamped_headers", rest: .pairs("headers", shown: "KEY=VALUE"), needsRest: true, help: "Do not run tasks with one of these stamps."),
        ControlVerb(.control, "shutdown", isAnswered: false, help: "Finish running tasks, then exit."),
        ControlVerb(.control, "terminate", [Argument("signal", "SIGNAL", isRequired: true)], rest: .list("task_id", shown: "ID"), needsRest: true, help: "Do not run tasks with these ids, and send the signal to those already running."),
        ControlVerb(
            .control, "time_limit",
            [Argument("task_name", "TASK", isRequired: true), Argument("soft", "SOFT", .seconds, isRequired: true), Argument("hard", "HARD", .seconds)],
            help: "Set the time limits of tasks of this name that start later: a soft limit of SOFT seconds, and a hard limit of HARD seconds or none."),
    ]
}
