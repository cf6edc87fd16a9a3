import Arguments
import CeleryCore
import Configuration

/// Options of `celery beat`.
enum BeatOptions {
    static let daemon = DaemonOptions(
        name: "celerybeat", noun: "beat",
        keys: DaemonOptions.Keys(
            logLevel: "CELERYBEAT_LOG_LEVEL", logFile: "CELERYBEAT_LOG_FILE", pidFile: "CELERYBEAT_PID_FILE"),
        ready: "beat has its place among the beats", restart: "read settings and tasks anew")
    static let maxInterval = Option.value(
        "max-interval", placeholder: "S", .duration, help: "Look at the clock and the lead at least so often.",
        settings: ["CELERYBEAT_MAX_LOOP_INTERVAL"])
    static let once = Option.flag("once", help: "Send what is due now, then exit with 0; with 75 if another beat leads.")

    static let all: [OptionDescription] =
        daemon.files + [maxInterval.description, once.description] + daemon.surroundings + daemon.control

    /// The options that set settings.
    static func flags(_ arguments: ParsedArguments) -> [SettingsFlag] {
        daemon.flags(arguments) + (arguments[maxInterval].map {
            [SettingsFlag(option: "--max-interval", key: "CELERYBEAT_MAX_LOOP_INTERVAL", text: "\($0.inSeconds)")]
        } ?? [])
    }
}
