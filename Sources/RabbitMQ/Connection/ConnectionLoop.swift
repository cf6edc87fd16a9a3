import CeleryCore

/// The main loop of a `ConnectionOwner`'s thread.
final class ConnectionLoop {
    private let alternatives: [ConnectionOptions]
    private let policy: ConnectionOwner.Policy
    private let use: any ConnectionUse
    private let core: ConnectionCore

    private var connection: Connection?
    /// Index of the alternative to try first.
    private var favourite = 0
    private var backoff = Backoff.connecting
    private var nextTry = ContinuousClock.now
    private var nextTick = ContinuousClock.now
    /// Why the last connection attempt failed, and until when not to try again.
    private var refusal: (error: RabbitMQError, until: ContinuousClock.Instant)?

    init(
        alternatives: [ConnectionOptions], policy: ConnectionOwner.Policy, use: any ConnectionUse, core: ConnectionCore
    ) {
        self.alternatives = alternatives
        self.policy = policy
        self.use = use
        self.core = core
    }

    func run() {
        while true {
            let (jobs, isClosing) = core.takeJobs()
            if policy == .always, !isClosing, connection == nil, nextTry <= .now { _ = connect() }
            for job in jobs { perform(job) }
            if isClosing { break }
            serve()
            if core.wait(for: connection?.descriptor ?? -1, pause) { connection?.lastHeard = .now }
        }
        connection?.close(policy == .onDemand ? .said : .awaited, onSocket: core.setDescriptor)
        // No more answers will come for pending calls.
        use.lost(.closed)
    }

    private func perform(_ job: ConnectionCore.Job) {
        var reason: RabbitMQError?
        if connection == nil, policy == .onDemand {
            // A job submitted during a failed attempt, or just after it, gets the same error without another attempt.
            if let refusal, .now < refusal.until { reason = refusal.error } else { reason = connect() }
        }
        let failure =
            connection.map { job(.success(($0, use))) }
            ?? job(.failure(reason ?? RabbitMQError(.lost, "the connection is lost")))
        if let failure, connection != nil { drop(failure) }
    }

    /// Receives pending input, and maintains the connection.
    private func serve() {
        guard let connection else { return }
        do throws(RabbitMQError) {
            var count = 0
            while let incoming = try connection.receive() {
                connection.lastHeard = .now
                try use.receive(incoming, connection)
                count += 1
                // Let settling have its turn.
                if count == 256 { break }
            }
            connection.releaseBuffers()
            try use.settleDown(connection)
            if nextTick <= .now {
                nextTick = .now + interval(of: connection)
                if connection.heartbeat > 0, connection.lastHeard + .seconds(Double(connection.heartbeat) * Connection.patience) < .now {
                    throw RabbitMQError(.lost, "the server at \(connection.options.location) is silent")
                }
                try use.tick(connection)
            }
        } catch {
            drop(error)
        }
    }

    /// How long the thread may sleep.
    private var pause: Duration {
        if let connection, connection.hasInput { return .zero }
        let wake = connection != nil ? nextTick : policy == .always ? nextTry : .now + .seconds(3_600)
        return max(.zero, ContinuousClock.now.duration(to: wake))
    }

    private func interval(of connection: Connection) -> Duration {
        connection.heartbeat > 0 ? .seconds(min(2.5, Double(connection.heartbeat) / 4)) : .seconds(2.5)
    }

    /// Tries each alternative once.
    ///
    /// - Returns: Why all failed; `nil` after success.
    private func connect() -> RabbitMQError? {
        var failures: [RabbitMQError] = []
        for offset in alternatives.indices {
            let index = (favourite + offset) % alternatives.count
            do throws(RabbitMQError) {
                let connection = try Connection(alternatives[index], onSocket: core.setDescriptor)
                do throws(RabbitMQError) {
                    try use.establish(connection)
                } catch {
                    connection.close(error.isSaidByServer ? .awaited : .none, onSocket: core.setDescriptor)
                    throw error
                }
                self.connection = connection
                favourite = index
                backoff.reset()
                nextTick = .now
                return nil
            } catch {
                failures.append(error)
            }
        }
        // A refusal, such as of a password or a queue, is more informative than an unreachable server.
        var error = failures.first { $0.code != .unreachable } ?? failures[0]
        // Each message names its server.
        error.message = failures.map(\.message).joined(separator: "; ")
        nextTry = .now + backoff.next()
        refusal = (error, .now + .milliseconds(50))
        use.lost(error)
        return error
    }

    private func drop(_ error: RabbitMQError) {
        connection?.close(error.isSaidByServer ? .awaited : .none, onSocket: core.setDescriptor)
        connection = nil
        // Try at once: another node is often available already.
        nextTry = .now
        use.lost(error)
    }
}

extension RabbitMQError {
    /// Whether the server is alive and waits for our answer to its refusal.
    fileprivate var isSaidByServer: Bool {
        if case .refused = code { true } else { false }
    }
}
