import Arguments
import CeleryCore
import Configuration

/// Options of `celery web`.
enum WebOptions {
    static let daemon = DaemonOptions(
        name: "celeryweb", noun: "server",
        keys: DaemonOptions.Keys(
            logLevel: "CELERY_WEB_LOG_LEVEL", logFile: "CELERY_WEB_LOG_FILE", pidFile: "CELERY_WEB_PID_FILE"),
        ready: "the server answers", restart: "start again with new settings")
    static let bind = Option.value(
        "bind", placeholder: "ADDRESS", .webAddress,
        help: "Listen on ADDRESS: a numeric address and a port, by default 127.0.0.1:5555; or unix:PATH. An address that other machines can reach requires --auth.",
        settings: ["CELERY_WEB_BIND"])
    static let auth = Option.value(
        "auth", placeholder: "FILE", .nonEmptyText, help: "Let in the users and tokens of FILE, from anywhere.",
        settings: ["CELERY_WEB_AUTH"], completion: .file)
    static let readOnly = Option.flag("read-only", help: "Refuse every action.", settings: ["CELERY_WEB_READ_ONLY"])
    static let publicStatus = Option.flag(
        "public-status", help: "Show the status of a task to everybody who knows its id.", settings: ["CELERY_WEB_PUBLIC_STATUS"])

    static let all: [OptionDescription] =
        [bind.description, auth.description, readOnly.description, publicStatus.description] + daemon.files + daemon.surroundings
        + daemon.control

    /// The settings given by options.
    static func flags(_ arguments: ParsedArguments) -> [SettingsFlag] {
        var flags = daemon.flags(arguments)
        if let address = arguments[bind] { flags.append(SettingsFlag(option: "--bind", key: "CELERY_WEB_BIND", text: address.description)) }
        if let file = arguments[auth] { flags.append(SettingsFlag(option: "--auth", key: "CELERY_WEB_AUTH", text: file)) }
        if arguments[readOnly] { flags.append(SettingsFlag(option: "--read-only", key: "CELERY_WEB_READ_ONLY", text: "true")) }
        if arguments[publicStatus] {
            flags.append(SettingsFlag(option: "--public-status", key: "CELERY_WEB_PUBLIC_STATUS", text: "true"))
        }
        return flags
    }
}

extension ValueParser where Value == WebAddress {
    /// An address to listen on.
    fileprivate static var webAddress: Self {
        Self { (text) throws(InvalidValue) in
            guard let address = WebAddress(text) else {
                throw InvalidValue("is no address", advice: "write 127.0.0.1:5555, [::1]:5555, or unix:PATH")
            }
            return address
        }
    }
}
