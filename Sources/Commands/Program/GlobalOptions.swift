import Arguments
import Configuration

/// Options of every command, accepted before and after its name.
enum GlobalOptions {
    static let settings = Option.value(
        "settings", placeholder: "FILE", .nonEmptyText,
        help: "Read the settings from FILE instead of the nearest celery.toml.",
        environment: "CELERY_SETTINGS", completion: .file)
    static let broker = Option.value(
        "broker", short: "b", placeholder: "URL", .nonEmptyText,
        help: "Use this broker, such as sqlite:///path/celery.db. Other users of this machine can read the command line: put a URL with a password in the settings file or in the variable CELERY_BROKER_URL.", settings: ["CELERY_BROKER_URL"])
    static let resultBackend = Option.value(
        "result-backend", placeholder: "URL", .nonEmptyText,
        help: "Store results at this URL. Put a URL with a password in the settings file or in the variable CELERY_RESULT_BACKEND.", settings: ["CELERY_RESULT_BACKEND"])
    static let workdir = Option.value(
        "workdir", placeholder: "DIR", .nonEmptyText,
        help: "Change to DIR first.", completion: .directory)
    static let json = Option.flag("json", help: "Print one JSON object per line.")
    static let quiet = Option.flag("quiet", short: "q", help: "Print only results and errors.")
    static let verbose = Option.counter("verbose", short: "v", help: "Print the origin of each setting and the actions taken.")
    static let noColor = Option.flag(
        "no-color", help: "Print without colour.", environment: "NO_COLOR", environmentParser: .presence)

    static let all: [OptionDescription] = [
        settings.description, broker.description, resultBackend.description, workdir.description, json.description,
        quiet.description, verbose.description, noColor.description,
    ]

    /// The settings given by global options.
    static func flags(_ arguments: ParsedArguments) -> [SettingsFlag] {
        var flags: [SettingsFlag] = []
        if let url = arguments[broker] {
            flags.append(SettingsFlag(option: "--broker", key: "CELERY_BROKER_URL", text: url))
        }
        if let url = arguments[resultBackend] {
            flags.append(SettingsFlag(option: "--result-backend", key: "CELERY_RESULT_BACKEND", text: url))
        }
        return flags
    }
}
