import CeleryCore

extension SettingsKey {
    /// The settings of `beat`.
    package static let beatKeys: [SettingsKey] = [
        SettingsKey(
            "CELERYBEAT_NAME", .beatName, default: "\"celery\"",
            """
            Beats with the same name on one broker share one schedule, and one of them sends its tasks. Projects that share \
            a broker but have different periodic tasks need different names.
            """
        ) { $0.settings.beatName = $1 },
        SettingsKey(
            "CELERYBEAT_LOG_FILE", .path, default: "\"celerybeat.log\"",
            "Log file of a detached beat, relative to the folder of the settings file."
        ) { $0.settings.beatLogFile = $0.absolute($1) },
        SettingsKey(
            "CELERYBEAT_LOG_LEVEL", .logLevel, default: "\"INFO\"",
            "Lowest severity that beat logs: DEBUG, INFO, WARNING (or WARN), ERROR, CRITICAL (or FATAL)."
        ) { $0.settings.beatLogLevel = $1 },
        SettingsKey(
            "CELERYBEAT_PID_FILE", .path, default: "\"celerybeat.pid\"",
            "File with the process id of beat, relative to the folder of the settings file."
        ) { $0.settings.beatPIDFile = $0.absolute($1) },
        SettingsKey(
            "CELERYBEAT_MAX_LOOP_INTERVAL", .loopInterval, default: "300",
            """
            Maximum seconds between beat's checks for due tasks; at least 1, and 0 means 300. Because of its lease, \
            beat checks every few seconds in any case.
            """
        ) { $0.settings.beatMaxInterval = $1 ?? 300 },
    ]
}

extension SettingsKind where Value == String {
    /// A name that can be part of a queue name.
    fileprivate static let beatName = SettingsKind(name: "name") { input throws(SettingsComplaint) in
        let name = try SettingsKind.text.read(input)
        guard (1...100).contains(name.utf8.count), name.utf8.allSatisfy({
            (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || "_.-".utf8.contains($0)
        }) else { throw SettingsComplaint("must be up to 100 letters, digits, _ . and -, not \(input.shown)") }
        return name
    }

    /// A severity, converted to the name in `Logger`.
    static let logLevel = SettingsKind(name: "level") { input throws(SettingsComplaint) in
        let word = try choice(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "WARN", "FATAL"]).read(input)
        return ["WARN": "WARNING", "FATAL": "CRITICAL"][word] ?? word
    }
}

extension SettingsKind where Value == Double? {
    /// A duration long enough not to cause busy waiting.
    fileprivate static let loopInterval = SettingsKind(name: duration.name) { input throws(SettingsComplaint) in
        let seconds = try duration.read(input)
        if let seconds, seconds < 1 { throw SettingsComplaint("must be 1 or more, not \(input.shown)") }
        return seconds
    }
}
