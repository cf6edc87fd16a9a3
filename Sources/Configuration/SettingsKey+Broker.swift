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
            The result store. Without it results go to the broker's own SQLite file, or with another \
            broker to celery.db beside the settings file.
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
    ]
}
