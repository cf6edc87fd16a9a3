import CeleryAMQP
package import CeleryCore
import RabbitMQ
import Synchronization
import Wire

/// A worker's subscription at a RabbitMQ server.
///
/// The server pushes; `take` reads what has arrived. The prefetch count follows the worker's demand, so that
/// no message waits here that another worker could start.
package final class AMQPConsumer: BrokerConsumer {
    let broker: AMQPBroker
    /// The worker's name.
    let node: String
    let owner: ConnectionOwner
    let inbox: Inbox
    /// What this worker does itself because the server cannot; see `AMQPConsumer+Local.swift`.
    let substitutes = Mutex<[Task<Void, Never>]>([])

    /// Connects and subscribes.
    ///
    /// - Throws: `DriverError` when the first connection fails; later connections are made as often as needed.
    init(broker: AMQPBroker, queues: [String], worker: WorkerIdentity) async throws {
        self.broker = broker
        inbox = Inbox(queues: queues)
        inbox.withQueue { $0.shares = QueueShares(weights: broker.settings.queueWeights) }
        node = worker.name
        owner = try ConnectionOwner(broker.link.alternatives, .always) { [broker, topology = broker.topology, inbox, now = broker.now] in
            // On another connection, since a server with a resource alarm blocks every connection that publishes.
            Subscription(worker: worker, topology: topology, inbox: inbox, now: now) { publication in
                Task { try? await broker.link.publish([publication]) }
            } keep: { entry in
                Task {
                    do {
                        try await broker.local.keep([entry], now: now())
                    } catch {
                        // Without a file the command counts for this worker alone.
                        inbox.commands.add(entry)
                    }
                }
            }
        }
        do {
            try await inbox.waitForBeginning()
            try await makeUp(for: worker)
        } catch {
            await endSubstitutes()
            await owner.close()
            throw (error as? RabbitMQError).map { DriverError($0, at: broker.location) } ?? error
        }
    }

    package func take(_ maximum: Int) async throws -> [Delivery] {
        // Nothing starts before all revocations are known.
        guard maximum > 0, inbox.commands.isCaughtUp else { return [] }
        let now = broker.now()
        let queues = inbox.queues
        let (deliveries, distant, generation) = inbox.withQueue { queue in
            if queues.names.count > 1 { queue.arrange(maximum) { queues.queue(of: $0) } }
            let taken = queue.take(maximum, now: now) { read($0, number: $1, of: queues) } isDistant: { broker.ladderKey(for: $0.message, now: now) != nil }
            return (taken.deliveries, taken.distant, queue.generation)
        }
        followPrefetch(maximum - deliveries.count)
        // Run concurrently: publishing may block, and the deliveries that are due must not wait.
        if !distant.isEmpty { Task { await relocate(distant, generation) } }
        return deliveries
    }

    /// Reads a delivery.
    private func read(_ incoming: IncomingDelivery, number: Int64, of queues: QueueSelection) -> DeliveryQueue.Entry {
        let queue = queues.queue(of: incoming.consumer)
        var message: Message
        var defect: Delivery.Defect?
        do throws(MalformedMessage) {
            message = try TaskMessageDecoder().decode(incoming.message, queue: queue)
            // A message that came down the ladder was sent to this queue.
            if let exchange = message.route.exchange, DelayLadder.exchanges.contains(exchange) { message.route = Route(queue: queue) }
        } catch {
            (message, defect) = Delivery.defective(incoming.message, "\(error)")
            message.route.queue = queue
        }
        let count = AttemptHeader.read(&message, isRedelivered: incoming.isRedelivered)
        DeathHeaders.remove(from: &message)
        return DeliveryQueue.Entry(incoming, number: number, message: message, count: count, defect: defect)
    }

    /// Adjusts the prefetch count to the worker's free capacity.
    ///
    /// Without a connection, the count applies to the next one.
    private func followPrefetch(_ space: Int) {
        if inbox.withQueue({ $0.want(space) }) { owner.wake() }
    }

    package func waitForWork(until deadline: ContinuousClock.Instant?) async throws {
        try await inbox.bell.waitForWork(until: deadline, now: broker.now) {
            inbox.withQueue { (!$0.arrived.isEmpty && inbox.commands.isCaughtUp, $0.nextDue, nil) }
        }
    }

    package func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        // Retries, dead letters and follow-ups reach the server before the old message is acknowledged.
        var publications: [Publication] = []
        let now = broker.now()
        let held = inbox.withQueue { queue in outcomes.map { queue.held($0.handle) } }
        for case (let outcome, let held?) in zip(outcomes, held) {
            publications += outcome.followUps.map { broker.publication(of: $0, now: now) }
            switch outcome.disposition {
            case .acknowledge: break
            case .retry(let again):
                // Attempt numbers keep rising: an outcome with a lower number than the stored result would be fenced off.
                let next = AttemptHeader.next(again, after: outcome.handle.attempt, crashes: held.crashes)
                publications.append(broker.publication(of: next, now: now))
            case .bury(_, let burial): publications.append(letter(of: held, burial))
            }
        }
        if !publications.isEmpty { try await broker.link.publish(publications) }
        return await release(outcomes.map(\.handle), .acknowledge)
    }

    package func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws {
        guard started else {
            // The returned messages must not come back at once.
            haveNoRoom(beside: handles.count)
            let worn = inbox.withQueue { queue in
                handles.filter { queue.held($0).map { $0.returns >= AttemptHeader.manyReturns } ?? false }
            }
            // Send a new message, so that returns are not mistaken for deaths.
            try await replace(worn, by: \.unbegun)
            _ = await release(handles.filter { !worn.contains($0) }, .giveBack)
            return
        }
        // The server does not count executions, so the new message carries their number.
        try await replace(handles, by: \.begun)
    }

    package func giveBack(crashed handles: [DeliveryHandle]) async throws {
        try await replace(handles, by: \.crashed)
    }

    /// Replaces each delivery by a new message in the same queue.
    private func replace(_ handles: [DeliveryHandle], by next: any (KeyPath<DeliveryQueue.Entry, Message> & Sendable)) async throws {
        guard !handles.isEmpty else { return }
        let again = inbox.withQueue { queue in handles.compactMap { queue.held($0)?[keyPath: next] } }
        if !again.isEmpty { try await broker.publish(again) }
        _ = await release(handles, .acknowledge)
    }

    /// Ends deliveries that the worker had.
    ///
    /// - Returns: For each, whether it was still ours.
    func release(_ handles: [DeliveryHandle], _ ending: DeliveryEnding) async -> [Bool] {
        let (tags, generation) = inbox.withQueue { queue in
            (handles.map { queue.release($0)?.arrived.tag }, queue.generation)
        }
        let isSent = await end(tags.compactMap { $0 }, generation, ending)
        return tags.map { $0 != nil && isSent }
    }

    /// - Returns: Whether the ending was sent on the connection that delivered the messages.
    @discardableResult
    private func end(_ tags: [UInt64], _ generation: Int, _ ending: DeliveryEnding) async -> Bool {
        guard !tags.isEmpty else { return true }
        let sent = try? await owner.perform(as: Subscription.self, within: .seconds(20)) {
            (connection, subscription) throws(RabbitMQError) -> Bool in
            guard subscription.generation == generation else { return false }
            try subscription.end(tags, ending, connection)
            return true
        }
        return sent ?? false
    }

    /// Moves messages with a far-off ETA to the ladder, so that no worker has to remember them.
    private func relocate(_ entries: [DeliveryQueue.Entry], _ generation: Int) async {
        do {
            // Route to the queue directly: the ladder ends there, and an exchange would only bring the message back here.
            let areMoved = try await delay(entries.map(\.unbegun), until: entries.map(\.eta))
            await end(zip(entries, areMoved).filter { $1 }.map { entry, _ in entry.arrived.tag }, generation, .acknowledge)
            let rest = zip(entries, areMoved).filter { !$1 }.map(\.0)
            _ = inbox.withQueue { $0.book.endAside(entries.count, scheduling: rest, generation: generation) }
        } catch {
            inbox.notice("cannot move \(entries.count) messages to the delay queues, so this worker holds them: \(error)")
            _ = inbox.withQueue { $0.book.endAside(entries.count, scheduling: entries, generation: generation) }
        }
        inbox.bell.ring()
    }

    /// Waits for messages on their way to the ladder, which would otherwise be delivered twice. Gives up after two seconds: the
    /// ladder may be unreachable.
    private func waitForRelocation() async {
        let deadline = ContinuousClock.now + .seconds(2)
        while .now < deadline {
            let seen = inbox.bell.count
            if inbox.withQueue({ $0.book.asideCount }) == 0 { return }
            await inbox.bell.wait(since: seen, until: deadline)
        }
    }

    /// Ends as a killed worker would: the server finds the connection closed.
    package func die() async {
        await endSubstitutes()
        inbox.finish()
        await owner.abort()
    }

    package func close() async {
        // A cancelled task must not leave deliveries behind.
        await Task { [self] in
            await waitForRelocation()
            await endSubstitutes()
            let (tags, generation) = inbox.withQueue { queue -> ([UInt64], Int) in
                return (queue.releaseAll() + queue.popAll(), queue.generation)
            }
            await end(tags, generation, .giveBack)
            // Without a connection the server has already told of a loss.
            try? await owner.perform(as: Subscription.self, within: .seconds(5)) {
                (connection, subscription) throws(RabbitMQError) in try subscription.will.withdraw(connection)
            }
            // From now on a lost connection is not reported.
            inbox.finish()
            await owner.close()
        }.value
    }
}

extension AMQPConsumer: DeliveryPushing {
    package func haveNoRoom() { haveNoRoom(beside: 0) }

    package func endPushing() async {
        // Without a connection nothing is pushed either.
        try? await select { $0.isEnding = true }
    }

    /// - Parameter count: Number of the worker's deliveries about to be returned.
    private func haveNoRoom(beside count: Int) { followPrefetch(-count) }
}

extension AMQPConsumer: BrokerReporting {
    package var notices: AsyncStream<BrokerNotice> { inbox.notices }
}
