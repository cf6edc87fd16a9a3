import Processes

/// A garagemq server of a test's own: it has one virtual host, which tests cannot share.
///
/// It is started by `Tests/Servers/garagemq` in some milliseconds, and ends when it is released, or else with this process.
package final class GarageMQServer: Sendable {
    private static let script = ServerScript(name: "garagemq")
    package let folder: String
    /// As `guest`, on the one virtual host.
    package let url: String

    /// Starts a server. Blocks until it is ready.
    package init() throws {
        folder = try Self.script.start(options: [])
        url = try ServerScript.facts(of: folder)["GARAGEMQ_URL"] ?? ""
    }

    deinit { try? perform("stop") }

    /// Does what the script can do with a server: `kill`, `restart`, `suspend`, `resume`, `stop`.
    package func perform(_ verb: String) throws { try Self.script.run([verb, folder]) }
}
