import CeleryCore

extension SettingsKey {
    /// The settings of `celery broker`, and of its clients.
    package static let brokerServerKeys: [SettingsKey] = [
        SettingsKey(
            "CELERY_BROKER_BIND", .brokerAddress, default: "\"tcp://127.0.0.1:5556\"",
            """
            Where celery broker listens: tcp://ADDRESS:PORT with a numeric address, or * for all addresses of the machine. An address that \
            other machines can reach requires CELERY_BROKER_KEY and CELERY_BROKER_CLIENTS.
            """
        ) { $0.settings.brokerServer.address = $1 },
        SettingsKey(
            "CELERY_BROKER_KEY", .path, default: "\"celerybroker.key\"",
            """
            The file with the secret key of celery broker, relative to the folder of the settings file; celery broker --keygen makes it. Without \
            the file, connections are plain, only from this machine, and may neither control workers nor purge queues.
            """
        ) { $0.settings.brokerServer.keyFile = $0.absolute($1) },
        SettingsKey(
            "CELERY_BROKER_CLIENTS", .path, default: "\"celerybroker.clients\"",
            """
            The allow list of celery broker, relative to the folder of the settings file: a line ROLE KEY NAME for each client. ROLE is submit \
            (send tasks, and see what becomes of them), work (also run tasks) or admin (also control, revoke, pause, purge and replay), and \
            KEY is the client's public key. A change counts within a second. Only its owner may be able to write the file.
            """
        ) { $0.settings.brokerServer.clientsFile = $0.absolute($1) },
        SettingsKey(
            "CELERY_BROKER_CLIENT_KEY", .path, default: "\"celeryclient.key\"",
            """
            The file with the secret key by which a zmq:// broker knows this project, relative to the folder of the settings file; celery broker \
            --keygen FILE makes it, and prints the public key for the allow list.
            """
        ) { $0.settings.brokerServer.clientKeyFile = $0.absolute($1) },
        SettingsKey(
            "CELERY_BROKER_LOG_FILE", .path, default: "\"celerybroker.log\"",
            "Log file of a detached celery broker, relative to the folder of the settings file."
        ) { $0.settings.brokerServer.logFile = $0.absolute($1) },
        SettingsKey(
            "CELERY_BROKER_LOG_LEVEL", .logLevel, default: "\"INFO\"",
            "Lowest severity that celery broker logs: DEBUG, INFO, WARNING (or WARN), ERROR, CRITICAL (or FATAL)."
        ) { $0.settings.brokerServer.logLevel = $1 },
        SettingsKey(
            "CELERY_BROKER_PID_FILE", .path, default: "\"celerybroker.pid\"",
            "File with the process id of celery broker, relative to the folder of the settings file."
        ) { $0.settings.brokerServer.pidFile = $0.absolute($1) },
    ]
}

extension SettingsKind where Value == BrokerAddress {
    fileprivate static let brokerAddress = SettingsKind(name: "address") { input throws(SettingsComplaint) in
        let text = try SettingsKind<String>.text.read(input)
        guard let address = BrokerAddress(text) else {
            throw SettingsComplaint("must be tcp://ADDRESS:PORT with a numeric address or *, not \(input.shown)")
        }
        return address
    }
}
