import CeleryCore

/// A change to be made at a broker.
enum SetupStep: Sendable, Hashable {
    case createUser(String, Secret)
    /// Changes the password. The management API needs the present tags to preserve them.
    case changePassword(String, Secret, tags: [String])
    case createVirtualHost(String)
    case setPermissions(user: String, vhost: String, AccessPatterns)
    case declare(BrokerObjects, vhost: String)
}

/// A password. Its description is `***`; only `text` reveals it.
struct Secret: Sendable, Hashable, CustomStringConvertible {
    let text: String

    init(_ text: String) { self.text = text }

    /// A random password of 32 letters and digits, about 190 bits.
    static func generated() -> Secret {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        var source = SystemRandomNumberGenerator()
        return Secret(String((0..<32).map { _ in letters[Int.random(in: 0..<letters.count, using: &source)] }))
    }

    var description: String { "***" }
}

/// A way to inspect and change a broker.
protocol BrokerAdministration {
    /// Finds out which of the wanted objects exist. Changes nothing.
    ///
    /// - Throws: `CommandError`, with status 69 if the broker does not answer and 77 without permission.
    func survey(_ wish: SetupWish) throws -> BrokerSurvey

    /// Performs a step, and returns when the change is in force.
    func perform(_ step: SetupStep) throws

    /// The commands or requests of `perform`, as lines to copy; passwords are `***`.
    func shown(_ step: SetupStep) -> [String]

    /// The host where programs reach the broker.
    var host: String { get }
}
