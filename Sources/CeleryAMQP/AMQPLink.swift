package import CeleryCore
package import RabbitMQ
import Synchronization

/// The way of publications and of short questions to a RabbitMQ server or cluster: one connection, made when it is needed.
package final class AMQPLink: Sendable {
    /// The server, without its password.
    package let location: String
    package let alternatives: [ConnectionOptions]
    package let topology: Topology
    private let owner = Mutex<ConnectionOwner?>(nil)
    /// Whether anything was ever published: publishing waits for a server that was reachable once.
    private let hasPublished = Atomic(false)
    /// What the server could do when the connection was last made; `nil` before the first time.
    private let known = Mutex<ServerAbilities?>(nil)

    /// Does not connect yet.
    ///
    /// - Parameters:
    ///   - urls: Alternatives, tried in this order.
    ///   - assumed: Overrides what the server announces (`ConnectionOptions.assumed`).
    /// - Throws: `DriverError` for options of a URL that make no sense.
    package convenience init(_ urls: [ServiceURL], settings: Settings, assumed: ServerAbilities? = nil) throws {
        var alternatives: [ConnectionOptions] = []
        do throws(RabbitMQError) {
            for url in urls {
                var options = try ConnectionOptions(
                    url, heartbeat: settings.brokerHeartbeat, connectTimeout: .seconds(settings.connectionTimeout))
                options.assumed = assumed
                alternatives.append(options)
            }
        } catch {
            throw DriverError(error, at: "")
        }
        self.init(alternatives, Topology(settings))
    }

    private init(_ alternatives: [ConnectionOptions], _ topology: Topology) {
        self.alternatives = alternatives
        self.topology = topology
        location = alternatives.map(\.location).joined(separator: ";")
    }

    /// Another link to the same server.
    ///
    /// - Parameter publishTimeout: Seconds after which the new link gives up publishing, if its settings do not say less.
    package func twin(publishTimeout: Double) -> AMQPLink {
        var settings = topology.settings
        settings.publishTimeout = min(settings.publishTimeout, publishTimeout)
        return AMQPLink(alternatives, Topology(settings))
    }

    /// Starts to connect in the background. The next publish reports a failure.
    package func prepareToSend() throws {
        try connection().perform(as: Publisher.self) { _ in nil }
    }

    package func close() async {
        let owner = owner.withLock { owner in
            defer { owner = nil }
            return owner
        }
        await owner?.close()
    }

    /// Publishes and returns when the server has confirmed every message. Messages left unconfirmed by a lost connection are
    /// published again.
    ///
    /// - Throws: `DriverError`: `tryAgain` after the publish timeout; `unconfirmed` lists the unconfirmed ids.
    package func publish(_ publications: [Publication]) async throws {
        let deadline = ContinuousClock.now + .seconds(topology.settings.publishTimeout)
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
            let made = try ConnectionOwner(alternatives, .onDemand) { [topology, weak self] in
                Publisher(topology: topology) { [weak self] abilities in self?.known.withLock { $0 = abilities } }
            }
            owner = made
            return made
        }
    }

    /// What the server can do. Connects the first time, and sends no question: the server announces it.
    ///
    /// - Throws: `DriverError`.
    package func abilities() async throws -> ServerAbilities {
        // The thread may be waiting for the server under what is being published, which a late answer would cut.
        if let known = known.withLock({ $0 }) { return known }
        do {
            return try await connection().perform(as: Publisher.self, within: .seconds(20)) { (connection, _) throws(RabbitMQError) in
                connection.abilities
            }
        } catch let error as RabbitMQError {
            throw DriverError(error, at: location)
        }
    }

    /// Opens and closes a channel of the publishing connection, unless messages are in flight there: these find out by themselves
    /// whether the server is there, and during a resource alarm nothing else is answered after them.
    ///
    /// - Throws: `DriverError`.
    package func probe() async throws {
        do {
            try await connection().perform(as: Publisher.self, within: .seconds(20)) {
                (connection, publisher) throws(RabbitMQError) in
                if !publisher.isBusy { try connection.withChannel(3) { () throws(RabbitMQError) in } }
            }
        } catch let error as RabbitMQError {
            throw DriverError(error, at: location)
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
    package func answer<Value: Sendable>(
        _ body: @escaping @Sendable (Connection, UInt16) throws(RabbitMQError) -> Value
    ) async throws -> Result<Value, RabbitMQError> {
        try await connection().perform(as: Publisher.self, within: .seconds(20)) {
            (connection, publisher) throws(RabbitMQError) -> Result<Value, RabbitMQError> in
            // A question would not be answered, and waiting for the answer would end the connection under what is being published.
            if let reason = publisher.blockedBy { return .failure(RabbitMQError(.blocked, "it takes no messages now (\(reason))")) }
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
    package var isPassing: Bool {
        switch code {
        case .lost, .timeout, .blocked, .unreachable, .refused(320), .refused(541): true
        default: false
        }
    }
}
