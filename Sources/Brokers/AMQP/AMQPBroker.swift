// The broker driver for RabbitMQ, with the queues and messages of Python Celery.
//
//     AMQPBroker     publishes, counts, purges     one connection, made when it is needed
//     AMQPConsumer   one worker's subscription     a connection of its own, kept
//
// What is sent stands in `Topology` (queues), `DelayLadder` (far-off ETAs) and the room
// `Wire` (messages); how a connection lives, in the room `RabbitMQ`.

package import CeleryCore
package import RabbitMQ
import Synchronization
import Wire

/// Keeps messages on a RabbitMQ server or cluster.
package final class AMQPBroker: Broker {
    package let location: String
    package let alternatives: [ConnectionOptions]
    let topology: Topology
    package let settings: Settings
    /// Where results of what is sent here are waited for, if by message.
    let mailbox: QueueDeclaration?
    let now: @Sendable () -> Timestamp
    private let owner = Mutex<ConnectionOwner?>(nil)
    /// Sends events, if there are any.
    private let eventLine = Mutex<AMQPBroker?>(nil)
    /// Whether something was published: a server that was there once is waited for.
    private let hasPublished = Atomic(false)

    /// ETAs nearer than so many seconds wait in the memory of a worker: far below the half hour
    /// after which RabbitMQ takes an unacknowledged message back (`consumer_timeout`).
    let nearETA: Double

    /// Does not connect yet.
    ///
    /// - Parameters:
    ///   - urls: alternatives, tried in this order.
    ///   - mailbox: declared before the first message that names it for its reply.
    /// - Throws: `DriverError` for options of a URL that make no sense.
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

    /// One that sends events for `other`.
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

    /// The way of events to the server, a connection of its own: what it says of them must not touch messages.
    var forEvents: AMQPBroker {
        eventLine.withLock { line in
            if let line { return line }
            let made = AMQPBroker(eventsOf: self)
            line = made
            return made
        }
    }

    package func publish(_ messages: [Message]) async throws {
        let now = self.now()
        try await publish(messages.map { publication(of: $0, now: now) })
    }

    /// Begins to connect, so that something else can be done meanwhile. A failure shows when something is sent.
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
        let events = eventLine.withLock { line in
            defer { line = nil }
            return line
        }
        await events?.close()
    }

    // MARK: Publishing

    /// Sends, and returns when all are confirmed. What a lost connection left unconfirmed is sent again.
    ///
    /// - Throws: `DriverError`: `tryAgain` when it took too long; it tells what is not confirmed.
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
                // The thread looks at deadlines now and then; this one is to be kept.
                owner.perform(as: Publisher.self) { ready in
                    guard case .success(let (connection, publisher)) = ready else { return nil }
                    do throws(RabbitMQError) {
                        try publisher.tick(connection)
                        return nil
                    } catch {
                        return error
                    }
                }
                // It hangs in a call.
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
                // No queue takes it: one that was made on this connection may have been deleted since.
                if failure.error.code == .refused(312), !isSecondTry, rest.contains(where: \.needsQueue) {
                    isSecondTry = true
                    continue
                }
                guard failure.error.isPassing, hasBeenThere else {
                    var error = DriverError(failure.error, at: location)
                    // Without a connection nothing was sent, and it is about none of them.
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

    /// The ids of tasks; for results, which have no such header, it is the correlation id.
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
                    // It may be about an earlier batch: the publisher tells all of them.
                    return error
                }
            }
        }
    }

    /// The connection for publishing, made when it is first needed.
    private func connection() throws -> ConnectionOwner {
        try owner.withLock { owner in
            if let owner { return owner }
            let made = try ConnectionOwner(alternatives, .onDemand) { [topology] in Publisher(topology: topology) }
            owner = made
            return made
        }
    }

    /// Does something with the publishing connection, on a channel of its own.
    package func ask<Value: Sendable>(
        _ body: @escaping @Sendable (Connection, UInt16) throws(RabbitMQError) -> Value
    ) async throws -> Value {
        do {
            return try await answer(body).get()
        } catch let error as RabbitMQError {
            throw DriverError(error, at: location)
        }
    }

    /// The same for those to whom a refusal is an answer: it ends only the channel; any other error, the connection.
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
    /// Whether another try may well succeed: the connection ended, or the server is going down.
    var isPassing: Bool {
        switch code {
        case .lost, .timeout, .blocked, .unreachable, .refused(320), .refused(541): true
        default: false
        }
    }
}
