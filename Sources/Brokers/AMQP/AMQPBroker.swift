// The broker driver for RabbitMQ, with the queues and messages of Python Celery.
//
//     AMQPBroker     publishes, counts, purges     one connection, opened on first use
//     AMQPConsumer   one worker's subscription     its own long-lived connection
//
// See the room `CeleryAMQP` for declarations and publishing, `Wire` for message formats, and `RabbitMQ` for connections.

package import CeleryAMQP
package import CeleryCore
package import RabbitMQ
import Synchronization
import Wire

/// Stores messages on a RabbitMQ server or cluster.
package final class AMQPBroker: Broker {
    /// Publishes, and asks; a connection that `close` ends.
    package let link: AMQPLink
    /// Queue that receives the results of published tasks; `nil` when results do not come by message.
    let mailbox: QueueDeclaration?
    let now: @Sendable () -> Timestamp
    /// For what the server cannot keep.
    let local: LocalBroker
    /// Publishes events, created on first use.
    private let eventLink = Mutex<AMQPLink?>(nil)

    /// Seconds: messages with a nearer ETA wait in a worker's memory. Far below the half hour after which
    /// RabbitMQ requeues an unacknowledged message (`consumer_timeout`).
    let nearETA: Double
    /// What headers tell of arguments.
    let redaction: Redaction

    /// Does not connect yet.
    ///
    /// - Parameters:
    ///   - urls: Alternatives, tried in this order.
    ///   - mailbox: Declared before the first message that names it as its reply queue.
    ///   - local: Opens the `celery.db` of the project, for what a server cannot keep. RabbitMQ needs it before 3.9, which brought streams.
    ///     Where there is no such file, it creates one if it is told to, and else returns `nil`.
    ///   - assumed: Overrides what the server announces (`ConnectionOptions.assumed`).
    /// - Throws: `DriverError` for invalid URL options.
    package init(
        _ urls: [ServiceURL], settings: Settings, mailbox: QueueDeclaration? = nil, nearETA: Double = 60,
        now: @escaping @Sendable () -> Timestamp = { .now }, local: (@Sendable (_ creates: Bool) throws -> SQLiteBroker?)? = nil,
        assumed: ServerAbilities? = nil
    ) throws {
        link = try AMQPLink(urls, settings: settings, assumed: assumed)
        self.mailbox = mailbox
        self.nearETA = nearETA
        self.local = LocalBroker(local)
        redaction = settings.redaction
        self.now = now
    }

    package var location: String { link.location }
    var topology: Topology { link.topology }
    var settings: Settings { link.topology.settings }

    /// Publishes events on a separate connection, so that errors about events cannot affect messages.
    var forEvents: AMQPLink {
        eventLink.withLock { made in
            if let made { return made }
            let twin = link.twin(publishTimeout: 5)
            made = twin
            return twin
        }
    }

    package func publish(_ messages: [Message]) async throws {
        let now = self.now()
        try await link.publish(messages.map { publication(of: $0, now: now) })
    }

    package func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        try await AMQPConsumer(broker: self, queues: queues.distinct, worker: worker)
    }

    package func close() async {
        await link.close()
        let events = eventLink.withLock { made in
            defer { made = nil }
            return made
        }
        await events?.close()
        await local.close()
    }
}
