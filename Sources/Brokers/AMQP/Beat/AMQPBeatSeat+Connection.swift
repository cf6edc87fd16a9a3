import CeleryAMQP
import CeleryCore
import RabbitMQ

extension AMQPBeatSeat {
    /// Runs bodies one after the other, each to its end.
    func inTurn<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let before = turn
        let task = Task {
            await before?.value
            return try await body()
        }
        turn = Task { _ = await task.result }
        return try await task.value
    }

    /// Runs `body` on the connection, which is opened if necessary.
    ///
    /// - Throws: `DriverError`.
    func perform<Value: Sendable>(
        _ body: @escaping @Sendable (Connection, BeatConnection) throws(RabbitMQError) -> Value
    ) async throws -> Value {
        do {
            return try await owner.perform(as: BeatConnection.self, within: .seconds(20), body)
        } catch let error as RabbitMQError {
            throw DriverError(error, at: broker.location)
        }
    }

    /// Publishes over the connection that holds the lock, and returns when the server has confirmed every message.
    ///
    /// - Returns: Whether this beat still holds the lock; if not, nothing was sent.
    /// - Throws: `DriverError`; `PublishFailure`, which lists the unconfirmed messages.
    func transmit(_ publications: [Publication], _ generation: Int) async throws -> Bool {
        guard !publications.isEmpty else { return true }
        let deadline = ContinuousClock.now + .seconds(broker.settings.publishTimeout)
        // The connection's thread enforces the deadline unless it hangs in a call.
        let alarm = Task { [owner] in
            try await Task.sleep(until: deadline + .seconds(3))
            owner.cut()
        }
        defer { alarm.cancel() }
        do {
            return try await transmit(publications, generation, until: deadline)
        } catch let failure as PublishFailure where failure.error.code == .refused(312) && publications.contains(where: \.needsQueue) {
            // A queue declared on this connection may have been deleted since; declare it again.
            let rest = failure.unconfirmed
            let isLeading: Bool
            do {
                isLeading = try await transmit(rest.map { publications[$0] }, generation, until: deadline)
            } catch let second as PublishFailure {
                throw PublishFailure(error: second.error, unconfirmed: second.unconfirmed.map { rest[$0] })
            }
            if !isLeading { throw failure }
            return true
        }
    }

    private func transmit(
        _ publications: [Publication], _ generation: Int, until deadline: ContinuousClock.Instant
    ) async throws -> Bool {
        let (results, done) = AsyncStream.makeStream(of: Result<Void, PublishFailure>.self)
        let isLeading = try await perform { (connection, use) throws(RabbitMQError) in
            guard use.leads(generation) else { return false }
            let batch = PublishBatch(publications, deadline: deadline) { result in
                done.yield(result)
                done.finish()
            }
            try use.publisher.add(batch, connection)
            return true
        }
        guard isLeading else { return false }
        for await result in results {
            try result.get()
            return true
        }
        throw DriverError(.tryAgain, "broker \(broker.location): interrupted while sending")
    }
}
