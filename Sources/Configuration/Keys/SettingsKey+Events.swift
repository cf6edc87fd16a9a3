import CeleryCore

extension SettingsKey {
    /// The settings of events.
    package static let eventKeys: [SettingsKey] = [
        SettingsKey(
            "CELERY_SEND_EVENTS", aliases: ["CELERY_WORKER_SEND_TASK_EVENTS"], .truth, default: "false",
            """
            Whether workers send task events. Heartbeats are always sent. \
            'celery control enable_events' and disable_events change this at run time.
            """
        ) { $0.settings.sendsTaskEvents = $1 },
        SettingsKey(
            "CELERY_SEND_TASK_SENT_EVENT", aliases: ["CELERY_TASK_SEND_SENT_EVENT"], .truth, default: "false",
            "Whether clients send a task-sent event for each task."
        ) { $0.settings.sendsSentEvents = $1 },
        SettingsKey(
            "CELERY_EVENT_LOG", .duration, default: "\"1d\"",
            """
            How long events are stored, so that 'celery events' can show past events and continue where it stopped. A SQLite \
            file stores at most the last 200000 events, RabbitMQ the last 100 megabytes in the stream celery.events, \
            which workers that send task events declare. 0 stores none.
            """
        ) { $0.settings.eventLog = $1 },
    ]
}
