import CeleryCore

extension ControlVerb {
    private static let children: ClosedRange<Int> = 1...AutoscaleRange.limit

    /// Every method of Python's workers that a shell has use for, with the words of Python's command line.
    static let all: [ControlVerb] = [
        ControlVerb(.inspect, "active", help: "Tasks that run now."),
        ControlVerb(.inspect, "active_queues", help: "Queues that are taken from."),
        ControlVerb(.inspect, "clock", help: "The logical clock."),
        ControlVerb(.inspect, "conf", [Argument("with_defaults", "WITH_DEFAULTS", .truth)], help: "Settings that are not at their default, or with 'yes' all; passwords are hidden."),
        ControlVerb(.inspect, "memsample", help: "Resident memory of the worker's own process."),
        ControlVerb(.inspect, "ping", help: "Says pong."),
        ControlVerb(.inspect, "query_task", rest: .list("ids", shown: "ID"), needsRest: true, help: "Where the tasks of these ids stand, of those that are there."),
        ControlVerb(.inspect, "registered", rest: .list("taskinfoitems", shown: "ATTRIBUTE"), help: "Tasks that can be run, with these attributes, as max_retries."),
        ControlVerb(.inspect, "report", help: "What to tell with a bug: versions, machine, settings."),
        ControlVerb(.inspect, "reserved", help: "Tasks that were taken from the broker and have not begun."),
        ControlVerb(.inspect, "revoked", help: "Ids of tasks that were revoked."),
        ControlVerb(.inspect, "scheduled", help: "Tasks that wait for their time."),
        ControlVerb(.inspect, "stats", help: "Counts, pool, broker, and what the process has used."),

        ControlVerb(
            .control, "add_consumer",
            [
                Argument("queue", "QUEUE", isRequired: true), Argument("exchange", "EXCHANGE"), Argument("exchange_type", "TYPE"),
                Argument("routing_key", "KEY"),
            ], help: "Take from this queue too."),
        ControlVerb(.control, "autoscale", [Argument("max", "MAX", .whole(children)), Argument("min", "MIN", .whole(children))], help: "Change the bounds of --autoscale."),
        ControlVerb(.control, "cancel_consumer", [Argument("queue", "QUEUE", isRequired: true)], help: "Take no more from this queue."),
        ControlVerb(.control, "disable_events", help: "Send no more events of tasks."),
        ControlVerb(.control, "enable_events", help: "Send events of tasks."),
        ControlVerb(.control, "heartbeat", help: "Send a heartbeat event now."),
        ControlVerb(.control, "pool_grow", [Argument("n", "N", .whole(children))], help: "Add N children, or one."),
        ControlVerb(.control, "pool_restart", help: "Replace every child, each when it has done what it has."),
        ControlVerb(.control, "pool_shrink", [Argument("n", "N", .whole(children))], help: "Have N children go, or one, when they are free."),
        ControlVerb(.control, "rate_limit", [Argument("task_name", "TASK", isRequired: true), Argument("rate_limit", "RATE", isRequired: true)], help: "Begin tasks of this name no more often than RATE, as 10/s, 5/m or 2/h; 0 ends the limit."),
        ControlVerb(.control, "revoke", rest: .list("task_id", shown: "ID"), needsRest: true, help: "Do not run the tasks of these ids."),
        ControlVerb(.control, "revoke_by_stamped_headers", rest: .pairs("headers", shown: "KEY=VALUE"), needsRest: true, help: "Do not run tasks that are stamped with one of these."),
        ControlVerb(.control, "shutdown", isAnswered: false, help: "Finish what runs, and exit."),
        ControlVerb(.control, "terminate", [Argument("signal", "SIGNAL", isRequired: true)], rest: .list("task_id", shown: "ID"), needsRest: true, help: "Do not run the tasks of these ids, and send a signal to those that run."),
        ControlVerb(
            .control, "time_limit",
            [Argument("task_name", "TASK", isRequired: true), Argument("soft", "SOFT", .seconds, isRequired: true), Argument("hard", "HARD", .seconds)],
            help: "Limit the time of tasks of this name that begin later: they are told to stop after SOFT seconds and killed after HARD, or never."),
    ]
}
