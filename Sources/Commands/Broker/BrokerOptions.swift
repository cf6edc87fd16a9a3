import Arguments
import CeleryCore
import Configuration

/// Options of `celery broker`.
enum BrokerOptions {
    static let daemon = DaemonOptions(
        name: "celerybroker", noun: "broker",
        keys: DaemonOptions.Keys(
            logLevel: "CELERY_BROKER_LOG_LEVEL", logFile: "CELERY_BROKER_LOG_FILE", pidFile: "CELERY_BROKER_PID_FILE"),
        ready: "the broker answers", restart: "start again with new settings")
    static let bind = Option.value(
        "bind", placeholder: "ADDRESS", .brokerAddress,
        help: "Listen on ADDRESS: tcp://, a numeric address or * for all, a colon and a port; by default tcp://127.0.0.1:5556. An address that other machines can reach requires keys and an allow list.",
        settings: ["CELERY_BROKER_BIND"])
    static let allow = Option.value(
        "allow", placeholder: "FILE", .nonEmptyText, help: "Let in the clients of FILE, by default celerybroker.clients.",
        settings: ["CELERY_BROKER_CLIENTS"], completion: .file)
    static let keygen = Option.flag(
        "keygen", help: "Print the public key of the key file FILE, by default that of the broker (CELERY_BROKER_KEY), and make the file if there is none. Nothing is served.")

    static let all: [OptionDescription] =
        [bind.description, allow.description, keygen.description] + daemon.files + daemon.surroundings + daemon.control

    /// The settings given by options.
    static func flags(_ arguments: ParsedArguments) -> [SettingsFlag] {
        var flags = daemon.flags(arguments)
        if let address = arguments[bind] { flags.append(SettingsFlag(option: "--bind", key: "CELERY_BROKER_BIND", text: address.description)) }
        if let file = arguments[allow] { flags.append(SettingsFlag(option: "--allow", key: "CELERY_BROKER_CLIENTS", text: file)) }
        return flags
    }
}

extension ValueParser where Value == BrokerAddress {
    /// An address to listen on.
    fileprivate static var brokerAddress: Self {
        Self { (text) throws(InvalidValue) in
            guard let address = BrokerAddress(text) else {
                throw InvalidValue("is no address", advice: "write tcp://127.0.0.1:5556, tcp://[::1]:5556, or tcp://*:5556")
            }
            return address
        }
    }
}
