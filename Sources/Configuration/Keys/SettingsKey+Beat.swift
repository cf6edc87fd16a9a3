import CeleryCore

extension SettingsKey {
    /// What `beat` does.
    package static let beatKeys: [SettingsKey] = [
        SettingsKey(
            "CELERYBEAT_NAME", .beatName, default: "\"celery\"",
            """
            Beats of one name on one broker share one schedule, and one of them sends it. Projects that share \
            a broker and have periodic tasks of their own need names of their own.
            """
        ) { $0.settings.beatName = $1 },
        SettingsKey(
            "CELERYBEAT_LOG_FILE", .path, default: "\"celerybeat.log\"",
            "Log file of a detached beat, seen from the folder of the settings file."
        ) { $0.settings.beatLogFile = $0.absolute($1) },
        SettingsKey(
            "CELERYBEAT_LOG_LEVEL", .logLevel, default: "\"INFO\"",
            "Least severity that beat logs: DEBUG, INFO, WARNING (or WARN), ERROR, CRITICAL (or FATAL)."
        ) { $0.settings.beatLogLevel = $1 },
        SettingsKey(
            "CELERYBEAT_PID_FILE", .path, default: "\"celerybeat.pid\"",
            "File with the process id of beat, seen from the folder of the settings file."
        ) { $0.settings.beatPIDFile = $0.absolute($1) },
        SettingsKey(
            "CELERYBEAT_MAX_LOOP_INTERVAL", .loopInterval, default: "300",
            """
            Seconds between two looks of beat at what is due, at most; 1 or more, and 0 is 300. Its lease makes \
            it look every few seconds anyhow.
            """
        ) { $0.settings.beatMaxInterval = $1 ?? 300 },
    ]
}

extension SettingsKind where Value == String {
    /// A name that may be part of the name of a queue.
    fileprivate static let beatName = SettingsKind(name: "name") { input throws(SettingsComplaint) in
        let name = try SettingsKind.text.read(input)
        guard (1...100).contains(name.utf8.count), name.utf8.allSatisfy({
            (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || "_.-".utf8.contains($0)
        }) else { throw SettingsComplaint("must be up to 100 letters, digits, _ . and -, not \(input.shown)") }
        return name
    }

    /// The severity of a log, read as `Logger` calls it.
    static let logLevel = SettingsKind(name: "level") { input throws(SettingsComplaint) in
        let word = try choice(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "WARN", "FATAL"]).read(input)
        return ["WARN": "WARNING", "FATAL": "CRITICAL"][word] ?? word
    }
}

extension SettingsKind where Value == Double? {
    /// A duration that is no busy waiting.
    fileprivate static let loopInterval = SettingsKind(name: duration.name) { input throws(SettingsComplaint) in
        let seconds = try duration.read(input)
        if let seconds, seconds < 1 { throw SettingsComplaint("must be 1 or more, not \(input.shown)") }
        return seconds
    }
}
