// The broker behind `celery broker` on another machine: each method asks for the verb of `CeleryZMQ/Verbs` that the server does at its
// `celery.db`.

package import CeleryCore
package import CeleryZMQ

/// Sends messages to a `celery broker`.
package final class ZMQBroker: Broker, ZMQLinked {
    package let link: ZMQLink
    /// Who revokes tasks here, as their results name it.
    let name: String

    /// - Parameter name: Of this client: `celery@host`.
    package init(_ options: ZMQOptions, name: String) throws(DriverError) {
        link = try ZMQLink(options)
        self.name = name
    }

    package var location: String { link.location }

    /// All or none, up to 64 megabytes; more are published in parts. After a connection was lost it is unknown whether they were accepted.
    package func publish(_ messages: [Message]) async throws {
        guard !messages.isEmpty else { return }
        var count = 0
        do {
            _ = try await link.askInParts(Verbs.publish, messages) { count += $0 }
        } catch var error as DriverError {
            if count > 0 || error.code == .tryAgain || error.isAboutRequest { error.unconfirmed = Set(messages[count...].map(\.id)) }
            throw error
        }
    }

    package func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        try await ZMQConsumer(link: link, queues: queues, worker: worker)
    }

    package func close() async { await link.close() }
}

extension ZMQBroker: BrokerProbing {
    package func probe() async throws { _ = try await link.ask(Verbs.probe, Nothing()) }
}
