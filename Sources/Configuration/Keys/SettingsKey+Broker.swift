import CeleryCore

extension SettingsKey {
    /// Where messages and results are kept.
    package static let brokerKeys: [SettingsKey] = [
        SettingsKey(
            "CELERY_BROKER_URL", aliases: ["BROKER_URL"], .urls, default: "\"sqlite:celery.db\"",
            """
            The broker: sqlite:///path, sqlite:path (seen from the folder of the file), \
            amqp://user:password@host:port/vhost, or several separated by ";" to be tried in order.
            """
        ) { $0.settings.brokerURL = $0.text(of: $1) },
        SettingsKey(
            "CELERY_RESULT_BACKEND", .urls, default: nil,
            """
            The result store: sqlite:///path, or db+sqlite:///path to share results with Python's Celery \
            (its slashes as in Python: three before a path seen from the folder of the file, four before /). \
            With a RabbitMQ broker also rpc://, which sends each result to the project that submitted the task, \
            and amqp:// (alone, where the broker is, or amqp://user:password@host:port/vhost), which makes a queue for \
            each result that anybody may ask. Without it results go to the broker's own SQLite file, or with another broker to celery.db \
            beside the settings file.
            """
        ) { $0.settings.resultURL = $0.text(of: $1) },
        SettingsKey(
            "AMQP_SERVER", aliases: ["AMQP_HOST", "BROKER_HOST"], .host, default: nil,
            "Host of the RabbitMQ server. With one of the AMQP settings and no CELERY_BROKER_URL, it is localhost."
        ) { $0.parts.server = $1 },
        SettingsKey(
            "AMQP_PORT", aliases: ["BROKER_PORT"], .whole(1...65_535), default: nil,
            "Port of the RabbitMQ server; 5672 when only other AMQP settings are given."
        ) { $0.parts.port = $1 },
        SettingsKey(
            "AMQP_USER", aliases: ["BROKER_USER"], .text, default: nil,
            "User at the RabbitMQ server."
        ) { $0.parts.user = $1 },
        SettingsKey(
            "AMQP_PASSWORD", aliases: ["BROKER_PASSWORD"], .text, default: nil,
            "Password of that user."
        ) { $0.parts.password = $1 },
        SettingsKey(
            "AMQP_VHOST", aliases: ["BROKER_VHOST"], .text, default: nil,
            "Virtual host at the RabbitMQ server; \"/\" when only other AMQP settings are given."
        ) { $0.parts.virtualHost = $1.isEmpty ? "/" : $1 },
        SettingsKey(
            "CELERY_SQLITE_DURABILITY", .choice(["full", "normal"]), default: "\"full\"",
            """
            "full" loses no accepted message when the machine loses power; "normal" is faster and may \
            then lose the last moments, but never damages the file.
            """
        ) { $0.settings.durability = $1 },
        SettingsKey(
            "CELERY_FILE_GROUP", .text, default: nil,
            """
            Group, by name or number, whose members may use new SQLite files (mode 0660) and read new logs and job logs \
            (mode 0640), whatever the umask. Without it these files belong to their owner alone (mode 0600). A file \
            that exists keeps its mode.
            """
        ) { $0.settings.fileGroup = $1.isEmpty ? nil : $1 },
        SettingsKey(
            "CELERY_SQLITE_GROUP_ACCESS", .choice(["write", "read"]), default: "\"write\"",
            """
            What the group of CELERY_FILE_GROUP may do with a new SQLite file: "write" lets its members submit tasks and run \
            workers; "read" (mode 0640) only lets them inspect states, results, queues and events.
            """
        ) { $0.settings.databaseGroupWrites = $1 == "write" },
        SettingsKey(
            "CELERY_PRIORITY_AGEING", .duration, default: "0",
            """
            How long a message has to wait in a SQLite file to count as much as one that is a step of priority above it and \
            comes now, so that it is not passed for ever; 0 lets priority alone decide. Messages keep the rank they were \
            submitted with: turn it on at any time, but off only while little waits. The priorities of RabbitMQ do not age.
            """
        ) { $0.settings.priorityAgeing = $1 },
        SettingsKey(
            "CELERY_DEFAULT_QUEUE_TYPE", aliases: ["CELERY_TASK_DEFAULT_QUEUE_TYPE"], .queueType, default: "\"classic\"",
            """
            How queues are made at a RabbitMQ server: "classic" on one node, "quorum" replicated over a \
            cluster. A queue keeps the type it was made with.
            """
        ) { $0.settings.queueType = QueueDefinition.QueueType(rawValue: $1) ?? .classic },
        SettingsKey(
            "CELERY_QUEUE_MAX_PRIORITY", aliases: ["CELERY_TASK_QUEUE_MAX_PRIORITY"], .whole(0...255), default: "0",
            """
            Makes the classic queues at a RabbitMQ server priority queues, with priorities up to this; \
            0 makes plain ones, which ignore the priority of a message. 10 is plenty.
            """
        ) { $0.settings.queueMaxPriority = $1 == 0 ? nil : $1 },
        SettingsKey(
            "CELERY_BROKER_HEARTBEAT", aliases: ["BROKER_HEARTBEAT"], .whole(0...3_600), default: "10",
            """
            Seconds between heartbeats of a connection to RabbitMQ: a server that is silent for one and a \
            half of them is taken for gone. 0 turns them off.
            """
        ) { $0.settings.brokerHeartbeat = $1 },
        SettingsKey(
            "CELERY_AMQP_CONNECTION_TIMEOUT", aliases: ["BROKER_CONNECTION_TIMEOUT"], .duration, default: "4",
            "Seconds a connection to RabbitMQ may take; 0 is 4."
        ) { $0.settings.connectionTimeout = $1 ?? 4 },
        SettingsKey(
            "CELERY_PUBLISH_TIMEOUT", .duration, default: "30",
            """
            Seconds RabbitMQ may take to confirm that it has a message, through lost connections and \
            alarms; then celery apply exits with 75. 0 is a day.
            """
        ) { $0.settings.publishTimeout = $1 ?? 86_400 },
    ]
}
