import CeleryAMQP
import CeleryCore
import Wire

/// Messages that wait for their time in the project's file, because the server cannot hold them back.
///
/// A worker that takes a message with a far-off ETA stores it here and acknowledges it. When it is due, one of the workers that use the
/// file takes it under a lease, sends it to its queue, and removes it when the server has it: a worker that dies in between causes a
/// second copy, never a loss.
struct DelayedMessages: Sendable {
    let local: LocalBroker

    /// The queue in the file. No worker consumes it by this name.
    static let queue = "celery.delayed"
    /// Header with the message's own route and ETA.
    private static let header = "celery_delayed"
    /// Messages sent at a time.
    private static let batch = 200

    /// Stores messages until `until`.
    ///
    /// - Returns: For each, whether it is stored. One whose id is in use by a result, or by another try of its task, is not.
    /// - Throws: `DriverError`. What was stored all the same is found when the message is kept again.
    func keep(_ messages: [(message: Message, until: Timestamp)]) async throws -> [Bool] {
        let broker = try local.broker()
        let wrapped = messages.map { Self.wrap($0.message, until: $0.until) }
        do {
            try await broker.publish(wrapped)
            return messages.map { _ in true }
        } catch let error as DriverError where error.code == .alreadyThere {
            var stored: [Bool] = []
            for message in wrapped { stored.append(try await keep(message, broker)) }
            return stored
        }
    }

    private func keep(_ message: Message, _ broker: SQLiteBroker) async throws -> Bool {
        do {
            try await broker.publish([message])
            return true
        } catch let error as DriverError where error.code == .alreadyThere {
            // Stored before, by a worker that died before it had acknowledged the message. But `sendDue` removes a message that it
            // holds, and the one at hand may be the one that it has just sent; and a stored earlier try does not stand for this one.
            guard let stored = try await broker.locate([message.id])[message.id] else { return false }
            return stored.state != .started && stored.retries == message.retries
        }
    }

    /// Sends what is due, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - send: Returns when the server has the messages.
    ///   - trouble: Gets the first of several errors in a row.
    func sendDue(
        as worker: WorkerIdentity, send: @Sendable ([Message]) async throws -> Void, trouble: @Sendable (String) -> Void
    ) async {
        let identity = WorkerIdentity(id: TaskID().text, name: worker.name, pid: worker.pid, process: worker.process)
        var consumer: (any BrokerConsumer)?
        var hasReported = false
        while !Task.isCancelled {
            var held: [Delivery] = []
            do {
                let subscription = if let consumer { consumer } else { try await local.broker().consumer(of: [Self.queue], as: identity) }
                consumer = subscription
                // Frees what a dead worker held.
                _ = try await (subscription as? any LeaseHolding)?.renewLease()
                held = try await subscription.take(Self.batch)
                if held.isEmpty {
                    try await subscription.waitForWork(until: .now + .seconds(5))
                    continue
                }
                try await Self.whileRenewing(subscription) { [held] in try await send(held.map(Self.unwrap)) }
                _ = try await subscription.settle(held.map { Outcome(handle: $0.handle, results: []) })
                hasReported = false
            } catch {
                if !held.isEmpty { try? await consumer?.giveBack(held.map(\.handle), started: false) }
                if error is CancellationError { break }
                if !hasReported { trouble("messages whose ETA has come wait: \(error)") }
                hasReported = true
                try? await Task.sleep(for: .seconds(2))
            }
        }
        await consumer?.close()
    }

    /// Keeps the lease during `body`: for an unreachable server it waits longer than the lease lasts.
    private static func whileRenewing(_ consumer: any BrokerConsumer, _ body: @Sendable () async throws -> Void) async throws {
        async let _: Void = renew(consumer)
        try await body()
    }

    /// Renews the lease until the task is cancelled.
    private static func renew(_ consumer: any BrokerConsumer) async {
        guard let leases = consumer as? any LeaseHolding else { return }
        while (try? await Task.sleep(for: leases.leaseRenewalInterval)) != nil { _ = try? await leases.renewLease() }
    }

    // MARK: Messages

    static func wrap(_ message: Message, until: Timestamp) -> Message {
        var wrapped = message
        var told: JSONObject = ["queue": .string(message.route.queue)]
        told["exchange"] = message.route.exchange.map(JSON.string)
        told["routing_key"] = message.route.routingKey.map(JSON.string)
        told["eta"] = message.eta.map { .double($0.seconds) }
        wrapped.headers[header] = .object(told)
        wrapped.route = Route(queue: queue)
        wrapped.eta = until
        return wrapped
    }

    /// The message as it was, with the number of its attempts.
    static func unwrap(_ delivery: Delivery) -> Message {
        var message = delivery.message
        let told = message.headers[header]?.objectValue ?? [:]
        message.headers[header] = nil
        message.route = Route(
            queue: told["queue"]?.stringValue ?? Route.defaultQueue, exchange: told["exchange"]?.stringValue,
            routingKey: told["routing_key"]?.stringValue)
        message.eta = told["eta"]?.doubleValue.map(Timestamp.init(seconds:))
        let crashes = message.headers[AttemptHeader.crashesName]?.intValue ?? 0
        return AttemptHeader.next(message, after: delivery.handle.attempt - 1, crashes: crashes)
    }
}
