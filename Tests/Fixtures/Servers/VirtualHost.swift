/// A virtual host of its own at a RabbitMQ server; it goes away with the test.
package final class VirtualHost: Sendable {
    package let server: RabbitMQServer
    package let name: String

    /// - Parameter server: One of the test's own; `nil` is the server of all tests.
    package init(_ server: RabbitMQServer? = nil) throws {
        self.server = try server ?? .shared
        name = try self.server.makeVirtualHost()
    }

    deinit { try? server.removeVirtualHost(name) }

    package var url: String { server.url(vhost: name) }

    /// Closes every connection of clients, as a server does that an operator tells to.
    package func closeConnections() throws {
        try server.ask("close_all_connections", "--vhost", name, "a test wants it")
    }
}
