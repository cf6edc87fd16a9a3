/// Settings of the original that this version does not support.
///
/// They are errors: accepting them silently would suggest that they have an effect.
enum UnsupportedSettings {
    /// A hint for the setting; "" if there is no replacement, `nil` if the name is not in this table.
    static func hint(for name: String) -> String? { hints[name] }

    static var names: [String] { hints.keys.sorted() }

    private static let hints: [String: String] = {
        var hints: [String: String] = [:]
        for name in [
            "DEBUG", "CELERYD_DAEMON_LOG_FORMAT", "CELERY_ALWAYS_EAGER", "CELERY_PERIODIC_STATUS_BACKEND",
            "CELERY_AMQP_CONNECTION_RETRY", "CELERY_AMQP_CONNECTION_MAX_RETRIES",
        ] { hints[name] = "" }
        for name in [
            "CELERY_AMQP_EXCHANGE", "CELERY_AMQP_EXCHANGE_TYPE", "CELERY_AMQP_PUBLISHER_ROUTING_KEY",
            "CELERY_AMQP_CONSUMER_ROUTING_KEY", "CELERY_AMQP_CONSUMER_QUEUE", "CELERY_AMQP_CONSUMER_QUEUES",
        ] { hints[name] = "describe queues in CELERY_QUEUES, and name the one for tasks in CELERY_DEFAULT_QUEUE" }
        hints["CELERY_IMPORTS"] = "name the folders of tasks with INSTALLED_APPS"
        hints["CELERYBEAT_SCHEDULE"] = "write each periodic task as a table [beat.NAME]"
        hints["CELERY_TASK_SERIALIZER"] = "messages are JSON"
        return hints
    }()
}
