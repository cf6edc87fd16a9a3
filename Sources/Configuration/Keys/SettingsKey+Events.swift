import CeleryCore

extension SettingsKey {
    /// What monitors are told.
    package static let eventKeys: [SettingsKey] = [
        SettingsKey(
            "CELERY_SEND_EVENTS", aliases: ["CELERY_WORKER_SEND_TASK_EVENTS"], .truth, default: "false",
            """
            Whether workers tell monitors what becomes of each task. That they live they always tell; \
            'celery control enable_events' and disable_events change it while they run.
            """
        ) { $0.settings.sendsTaskEvents = $1 },
        SettingsKey(
            "CELERY_SEND_TASK_SENT_EVENT", aliases: ["CELERY_TASK_SEND_SENT_EVENT"], .truth, default: "false",
            "Whether clients tell monitors of each task they send."
        ) { $0.settings.sendsSentEvents = $1 },
        SettingsKey(
            "CELERY_EVENT_LOG", .duration, default: "\"1d\"",
            """
            For how long events are kept, so that 'celery events' can show what happened before and go on where \
            it stopped. In a SQLite file at most the last 200000 are kept; at RabbitMQ the last 100 megabytes, in a stream \
            celery.events that workers make which send events of tasks. 0 keeps none.
            """
        ) { $0.settings.eventLog = $1 },
    ]
}
