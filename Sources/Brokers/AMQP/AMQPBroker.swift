// The broker driver for RabbitMQ, with the queues and messages of Python Celery.
//
//     AMQPBroker     publishes, counts, purges     one connection, opened on first use
//     AMQPConsumer   one worker's subscription     its own long-lived connection
//
// See `Topology` for the queues, `DelayLadder` for far-off ETAs, the room `Wire` for message formats,
// and the room `RabbitMQ` for the life of a connection.

package import CeleryCore
package import RabbitMQ
import Synchronization
import Wire

/// Stores messages on a RabbitMQ server or cluster.
package final class AMQPBroker: Broker {
    package let location: String
    package let alternatives: [ConnectionOptions]
    let topology: Topology
    package let settings: Settings
    /// Queue that receives the results of published tasks; `nil` when results do not come by message.
    let mailbox: QueueDeclaration?
    let now: @Sendable () -> Timestamp
    private let owner = Mutex<ConnectionOwner?>(nil)
    /// Publishes events, created on first use.
    private let eventPublisher = Mutex<AMQPBroker?>(nil)
    /// Whether anything was ever published: publishing waits for a server that was reachable once.
    private let hasPublished = Atomic(false)

    /// Seconds: messages with a nearer ETA wait in a worker's memory. Far below the half hour after which
    /// RabbitMQ requeues an unacknowledged message (`consumer_timeout`).
    let nearETA: Double

    /// Does not connect yet.
    ///
    /// - Parameters:
    ///   - urls: Alternatives, tried in this order.
    ///   - mailbox: Declared before the first message that names it as its reply queue.
    /// - Throws: `DriverError` for invalid URL options.
    package init(
        _ urls: [ServiceURL], settings: Settings, mailbox: QueueDeclaration? = nil, nearETA: Double = 60,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) throws {
        var alternatives: [ConnectionOptions] = []
        do throws(RabbitMQError) {
            for url in urls {
                alternatives.append(
                    try ConnectionOptions(
                        url, heartbeat: settings.brokerHeartbeat, connectTimeout: .seconds(settings.connectionTimeout)))
            }
        } catch {
            throw DriverError(error, at: "")
        }
        self.alternatives = alternatives
        location = alternatives.map(\.location).joined(separator: ";")
        topology = Topology(settings)
        self.settings = settings
        self.mailbox = mailbox
        self.nearETA = nearETA
        self.now = now
    }

    /// A broker that publishes the events of `other`.
    private init(eventsOf other: AMQPBroker) {
        location = other.location
        alternatives = other.alternatives
        topology = other.topology
        var settings = other.settings
        settings.publishTimeout = min(settings.publishTimeout, 5)
        self.settings = settings
        mailbox = nil
        nearETA = other.nearETA
        now = other.now
    }

    /// Publishes events on a separate connection, so that errors about events cannot affect messages.
    var forEvents: AMQPBroker {
        eventPublisher.withLock { publisher in
            if let publisher { return publisher }
            let made = AMQPBroker(eventsOf: self)
            publisher = made
            return made
        }
    }

    package func publish(_ messages: [Message]) async throws {
        let now = self.now()
        try await publish(messages.map { publication(of: $0, now: now) })
    }

    /// Starts to connect in the background. The next publish reports a failure.
    package func prepareToSend() throws {
        try connection().perform(as: Publisher.self) { _ in nil }
    }

    package func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        try await AMQPConsumer(broker: self, queues: queues.distinct, worker: worker)
    }

    package func close() async {
        let owner = owner.withLock { owner in
            defer { owner = nil }
            return owner
        }
        await owner?.close()
        let events = eventPublisher.withLock { publisher in
            defer { publisher = nil }
            return publisher
        }
        await events?.close()
    }

    // MARK: Publishing

    /// Publishes and returns when the server has confirmed every message. Messages left unconfirmed by a lost connection are
    /// published again.
    ///
    /// - Throws: `DriverError`: `tryAgain` after the publish timeout; `unconfirmed` lists the unconfirmed ids.
    package func publish(_ publications: [Publication]) async throws {
        let limit = Duration.seconds(settings.publishTimeout)
        let deadline = ContinuousClock.now + limit
        var rest = publications
        var hasBeenThere = hasPublished.load(ordering: .relaxed)
        var isSecondTry = false
        while !rest.isEmpty {
            let owner = try connection()
            let alarm = Task {
                try await Task.sleep(until: deadline)
                // The connection's thread checks deadlines only now and then; enforce this one.
                owner.perform(as: Publisher.self) { ready in
                    guard case .success(let (connection, publisher)) = ready else { return nil }
                    do throws(RabbitMQError) {
                        try publisher.tick(connection)
                        return nil
                    } catch {
                        return error
                    }
                }
                // The thread hangs in a call.
                try await Task.sleep(for: .seconds(3))
                owner.cut()
            }
            defer { alarm.cancel() }
            do {
                try await send(rest, deadline, owner)
                hasPublished.store(true, ordering: .relaxed)
                return
            } catch let failure as PublishFailure {
                hasBeenThere = hasBeenThere || failure.error.code != .unreachable
                rest = failure.unconfirmed.map { rest[$0] }
                // No queue took the message: a queue declared on this connection may have been deleted since. Declare again.
                if failure.error.code == .refused(312), !isSecondTry, rest.contains(where: \.needsQueue) {
                    isSecondTry = true
                    continue
                }
                guard failure.error.isPassing, hasBeenThere else {
                    var error = DriverError(failure.error, at: location)
                    // Without a connection nothing was sent, so the error concerns no particular message.
                    if failure.isOfMessages { error.unconfirmed = Self.ids(of: rest) }
                    throw error
                }
                guard deadline > .now else {
                    throw DriverError(.tryAgain, DriverError(failure.error, at: location).message, unconfirmed: Self.ids(of: rest))
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...300)))
            }
        }
    }

    /// Task ids; results have no `id` header and use their correlation id.
    private static func ids(of publications: [Publication]) -> Set<TaskID> {
        Set(
            publications.compactMap { publication in
                let message = publication.message
                return (message.headers["id"]?.stringValue ?? message.properties.correlationID).map(TaskID.init)
            })
    }

    private func send(
        _ publications: [Publication], _ deadline: ContinuousClock.Instant, _ owner: ConnectionOwner
    ) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            owner.perform(as: Publisher.self) { ready in
                let connection: Connection
                let publisher: Publisher
                switch ready {
                case .success(let pair): (connection, publisher) = pair
                case .failure(let error):
                    let all = Array(publications.indices)
                    continuation.resume(throwing: PublishFailure(error: error, unconfirmed: all, isOfMessages: false))
                    return nil
                }
                let batch = PublishBatch(publications, deadline: deadline) { result in
                    continuation.resume(with: result.mapError { $0 as any Error })
                }
                do throws(RabbitMQError) {
                    try publisher.add(batch, connection)
                    return nil
                } catch {
                    // The error may concern an earlier batch: the publisher fails all of them.
                    return error
                }
            }
        }
    }

    /// The publishing connection, created on first use.
    private func connection() throws -> ConnectionOwner {
        try owner.withLock { owner in
            if let owner { return owner }
            let made = try ConnectionOwner(alternatives, .onDemand) { [topology] in Publisher(topology: topology) }
            owner = made
            return made
        }
    }

    /// Runs `body` on the publishing connection, on a channel of its own.
    package func ask<Value: Sendable>(
        _ body: @escaping @Sendable (Connection, UInt16) throws(RabbitMQError) -> Value
    ) async throws -> Value {
        do {
            return try await answer(body).get()
        } catch let error as RabbitMQError {
            throw DriverError(error, at: location)
        }
    }

    /// Like `ask`, for callers to whom a refusal is an answer: a refusal ends only the channel, any other error the connection.
    ///
    /// - Throws: `RabbitMQError`.
    func answer<Value: Sendable>(
        _ body: @escaping @Sendable (Connection, UInt16) throws(RabbitMQError) -> Value
    ) async throws -> Result<Value, RabbitMQError> {
        try await connection().perform(as: Publisher.self, within: .seconds(20)) {
            (connection, _) throws(RabbitMQError) -> Result<Value, RabbitMQError> in
            do throws(RabbitMQError) {
                return .success(try connection.withChannel(3) { () throws(RabbitMQError) in try body(connection, 3) })
            } catch {
                guard case .refused = error.code else { throw error }
                return .failure(error)
            }
        }
    }
}

extension RabbitMQError {
    /// Whether another try may succeed: the connection ended, or the server is shutting down.
    var isPassing: Bool {
        switch code {
        case .lost, .timeout, .blocked, .unreachable, .refused(320), .refused(541): true
        default: false
        }
    }
}
