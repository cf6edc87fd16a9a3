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
    static let apply = Option.values(
        "apply", placeholder: "PATTERN", .submissionPattern,
        help: "Let tokens with the right apply submit tasks whose names match PATTERN, in which * stands for any text.",
        settings: ["CELERY_WEB_APPLY"], completion: .task)

    static let all: [OptionDescription] =
        [bind.description, auth.description, readOnly.description, publicStatus.description, apply.description] + daemon.files
        + daemon.surroundings + daemon.control

    /// The settings given by options.
    static func flags(_ arguments: ParsedArguments) -> [SettingsFlag] {
        var flags = daemon.flags(arguments)
        if let address = arguments[bind] { flags.append(SettingsFlag(option: "--bind", key: "CELERY_WEB_BIND", text: address.description)) }
        if let file = arguments[auth] { flags.append(SettingsFlag(option: "--auth", key: "CELERY_WEB_AUTH", text: file)) }
        if arguments[readOnly] { flags.append(SettingsFlag(option: "--read-only", key: "CELERY_WEB_READ_ONLY", text: "true")) }
        if arguments[publicStatus] {
            flags.append(SettingsFlag(option: "--public-status", key: "CELERY_WEB_PUBLIC_STATUS", text: "true"))
        }
        let patterns = arguments[apply]
        if !patterns.isEmpty {
            flags.append(SettingsFlag(option: "--apply", key: "CELERY_WEB_APPLY", text: patterns.map(\.text).joined(separator: ",")))
        }
        return flags
    }
}

extension ValueParser where Value == SubmissionPattern {
    /// A pattern of names of tasks.
    fileprivate static var submissionPattern: Self {
        Self { (text) throws(InvalidValue) in
            guard let pattern = SubmissionPattern(text) else {
                throw InvalidValue(
                    "is no pattern of tasks that may be submitted",
                    advice: "write names such as mail.send, with * for any text as in 'shop.*'; never celery.*")
            }
            return pattern
        }
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
