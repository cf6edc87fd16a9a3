import CeleryCore

/// Something to be changed at a broker.
enum SetupStep: Sendable, Hashable {
    case createUser(String, Secret)
    /// The tags stay as they are, and must be given again to some.
    case changePassword(String, Secret, tags: [String])
    case createVirtualHost(String)
    case setPermissions(user: String, vhost: String, AccessPatterns)
    case declare(BrokerObjects, vhost: String)
}

/// A password. It is printed as `***` unless somebody asks for its text.
struct Secret: Sendable, Hashable, CustomStringConvertible {
    let text: String

    init(_ text: String) { self.text = text }

    /// Nobody's: 32 letters and digits, some 190 bits.
    static func generated() -> Secret {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        var source = SystemRandomNumberGenerator()
        return Secret(String((0..<32).map { _ in letters[Int.random(in: 0..<letters.count, using: &source)] }))
    }

    var description: String { "***" }
}

/// A way to look at a broker and to change it.
protocol BrokerAdministration {
    /// What there is of what `wish` names. Changes nothing.
    ///
    /// - Throws: `CommandError`, with 69 when nobody answers and 77 when one may not look.
    func survey(_ wish: SetupWish) throws -> BrokerSurvey

    /// Changes what the step says, and returns when that is in force.
    func perform(_ step: SetupStep) throws

    /// What `perform` would do, as lines to be copied; passwords are `***`.
    func shown(_ step: SetupStep) -> [String]

    /// The host where programs reach the broker.
    var host: String { get }
}
