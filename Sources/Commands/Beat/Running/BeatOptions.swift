import Arguments
import CeleryCore
import Configuration

/// Options of `celery beat`.
enum BeatOptions {
    static let daemon = DaemonOptions(
        name: "celerybeat", noun: "beat",
        keys: DaemonOptions.Keys(
            logLevel: "CELERYBEAT_LOG_LEVEL", logFile: "CELERYBEAT_LOG_FILE", pidFile: "CELERYBEAT_PID_FILE"),
        ready: "beat leads or stands by", restart: "reload settings and tasks")
    static let maxInterval = Option.value(
        "max-interval", placeholder: "S", .duration, help: "Longest time between checks of the clock and of the leader lock.",
        settings: ["CELERYBEAT_MAX_LOOP_INTERVAL"])
    static let once = Option.flag("once", help: "Send the runs due now, then exit: with 0 if all were sent, with 75 if another beat leads.")

    static let all: [OptionDescription] =
        daemon.files + [maxInterval.description, once.description] + daemon.surroundings + daemon.control

    /// The settings given by options.
    static func flags(_ arguments: ParsedArguments) -> [SettingsFlag] {
        daemon.flags(arguments) + (arguments[maxInterval].map {
            [SettingsFlag(option: "--max-interval", key: "CELERYBEAT_MAX_LOOP_INTERVAL", text: "\($0.inSeconds)")]
        } ?? [])
    }
}
