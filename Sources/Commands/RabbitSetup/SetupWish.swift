import CeleryCore
import Configuration

/// The state that `celery rabbit-setup` brings about.
struct SetupWish: Sendable {
    var user: String
    var vhost: String
    var password: Password
    /// The distinct queues; never empty.
    var queues: [QueueDefinition]
    /// Whether --quorum is given and the settings need the queue type.
    var isQuorum: Bool
    /// Whether --queues names the queues, so that the settings need them.
    var namesQueues = false
    /// Host and port of the broker in the settings.
    var host: String?
    var port: Int?

    enum Password: Sendable, Hashable {
        /// For a new or existing user.
        case given(Secret)
        /// For a new user only: the password in the settings.
        case fromSettings(Secret)
        /// For a new user only: a random password.
        case generated(Secret)

        var secret: Secret {
            switch self {
            case .given(let secret), .fromSettings(let secret), .generated(let secret): secret
            }
        }
    }

    var objects: BrokerObjects { .wanted(queues) }
    /// The names of all queues and exchanges that depend on the settings.
    var names: [String] { queues.flatMap { [$0.name, $0.exchange] }.filter { !$0.isEmpty } }
    var permissions: AccessPatterns { AccessPatterns(names: names) }

    /// The error in the name of a user or virtual host; `nil` if the name is valid.
    static func mistake(in name: String) -> String? {
        if name.isEmpty { return "is empty" }
        if name.utf8.count > 255 { return "is longer than 255 bytes" }
        if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) { return "contains a control character" }
        return nil
    }
}
