import CeleryCore
import Configuration

/// What `celery rabbit-setup` is to bring about.
struct SetupWish: Sendable {
    var user: String
    var vhost: String
    var password: Password
    /// Each once; never empty.
    var queues: [QueueDefinition]
    /// Whether --quorum is given, so that the settings must say so too.
    var isQuorum: Bool
    /// Whether the queues stand in the settings, or in the command line only.
    var namesQueues = false
    /// What the settings say of the broker's place.
    var host: String?
    var port: Int?

    enum Password: Sendable, Hashable {
        /// For a new user and for one who is there.
        case given(Secret)
        /// For a new user only: the settings have it.
        case fromSettings(Secret)
        /// For a new user only.
        case generated(Secret)

        var secret: Secret {
            switch self {
            case .given(let secret), .fromSettings(let secret), .generated(let secret): secret
            }
        }
    }

    var objects: BrokerObjects { .wanted(queues) }
    /// Names of all queues and exchanges that are not the same everywhere.
    var names: [String] { queues.flatMap { [$0.name, $0.exchange] }.filter { !$0.isEmpty } }
    var permissions: AccessPatterns { AccessPatterns(names: names) }

    /// What is wrong with a name of a user or virtual host; `nil` if nothing is.
    static func mistake(in name: String) -> String? {
        if name.isEmpty { return "is empty" }
        if name.utf8.count > 255 { return "is longer than 255 bytes" }
        if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) { return "has a control character in it" }
        return nil
    }
}
