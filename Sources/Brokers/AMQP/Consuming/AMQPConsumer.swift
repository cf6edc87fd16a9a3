import CeleryAMQP
package import CeleryCore
import RabbitMQ
import Synchronization
import Wire

/// A worker's subscription at a RabbitMQ server.
///
/// The server pushes; `take` looks at what has come. How much it may push follows what
/// the worker asks for, so that no message waits here that another worker could start.
package final class AMQPConsumer: BrokerConsumer {
    let broker: AMQPBroker
    /// The worker's name.
    let node: String
    let owner: ConnectionOwner
    let inbox: Inbox

    /// Connects and subscribes.
    ///
    /// - Throws: `DriverError` when that cannot be done now; later the connection is made
    ///   anew as often as needed.
    init(broker: AMQPBroker, queues: [String], worker: WorkerIdentity) async throws {
        self.broker = broker
        inbox = Inbox(queues: queues)
        inbox.withQueue { $0.shares = QueueShares(weights: broker.settings.queueWeights) }
        node = worker.name
        owner = try ConnectionOwner(broker.link.alternatives, .always) { [broker, topology = broker.topology, inbox, now = broker.now] in
            Subscription(node: worker.name, topology: topology, inbox: inbox, now: now) {
                // Without it, whoever starts next waits for a moment.
                Task { try? await broker.link.publish([CommandStream.publication(.seed)]) }
            }
        }
        do {
            try await inbox.waitForBeginning()
        } catch {
            await owner.close()
            throw (error as? RabbitMQError).map { DriverError($0, at: broker.location) } ?? error
        }
    }

    package func take(_ maximum: Int) async throws -> [Delivery] {
        // Not before it is known what is revoked.
        guard maximum > 0, inbox.commands.isCaughtUp else { return [] }
        let now = broker.now()
        var deliveries: [Delivery] = []
        var distant: [DeliveryQueue.Scheduled] = []
        let queues = inbox.queues
        let generation = inbox.withQueue { queue -> Int in
            if queues.names.count > 1 { queue.arrange(maximum) { queues.queue(of: $0) } }
            while deliveries.count < maximum {
                if let due = queue.popDue(now) {
                    deliveries.append(hand(due, &queue))
                    continue
                }
                guard let incoming = queue.popArrived() else { break }
                let entry = read(incoming, of: queues)
                // What has expired already need not wait for its time.
                if entry.eta <= now || entry.message.expires.map({ $0 < now }) ?? false {
                    deliveries.append(hand(entry, &queue))
                } else if broker.ladderKey(for: entry.message, now: now) != nil {
                    queue.setAside()
                    distant.append(entry)
                } else {
                    queue.hold(entry)
                }
            }
            return queue.generation
        }
        followPrefetch(maximum - deliveries.count)
        // Beside it, for publishing may have to wait, and what is due now need not.
        if !distant.isEmpty { Task { [distant] in await relocate(distant, generation) } }
        return deliveries
    }

    private func hand(_ entry: DeliveryQueue.Scheduled, _ queue: inout DeliveryQueue) -> Delivery {
        var delivery = Delivery(handle: queue.hand(entry), message: entry.message)
        (delivery.crashes, delivery.doubts, delivery.defect) = (entry.crashes, entry.doubts, entry.defect)
        delivery.waitsSince = entry.waitsSince
        return delivery
    }

    /// Reads a delivery.
    private func read(_ incoming: IncomingDelivery, of queues: QueueSelection) -> DeliveryQueue.Scheduled {
        let queue = queues.queue(of: incoming.consumer)
        var message: Message
        var defect: Delivery.Defect?
        do throws(MalformedMessage) {
            message = try TaskMessageDecoder().decode(incoming.message, queue: queue)
            // What came down the ladder was sent to the queue.
            if let exchange = message.route.exchange, DelayLadder.exchanges.contains(exchange) { message.route = Route(queue: queue) }
        } catch {
            (message, defect) = Self.remains(of: incoming.message, of: queue, "\(error)")
        }
        let count = AttemptHeader.read(&message, isRedelivered: incoming.isRedelivered)
        let waitsSince = WaitHeader.read(&message)
        DeathHeaders.remove(from: &message)
        return DeliveryQueue.Scheduled(
            eta: message.eta ?? Timestamp(seconds: 0), delivery: incoming, message: message, attempt: count.attempt,
            returns: count.returns, crashes: count.crashes, doubts: count.doubts, defect: defect, waitsSince: waitsSince)
    }

    /// What can be made out of a message that cannot be read: enough to tell whoever waits for it.
    private static func remains(of wire: WireMessage, of queue: String, _ reason: String) -> (Message, Delivery.Defect) {
        let id = wire.headers["id"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        var message = Message(
            id: id.map(TaskID.init) ?? TaskID(), task: wire.headers["task"]?.stringValue ?? "",
            body: MessageBody(bytes: wire.body, contentType: wire.properties.contentType ?? ""))
        message.route.queue = queue
        message.replyTo = wire.properties.replyTo
        message.correlationID = wire.properties.correlationID
        message.headers = wire.headers
        return (message, Delivery.Defect(reason, hasID: id != nil))
    }

    /// Asks the server for as much as the worker has room for.
    ///
    /// Without a connection, the count holds for the next one.
    private func followPrefetch(_ space: Int) {
        if inbox.withQueue({ $0.want(space) }) { owner.wake() }
    }

    package func waitForWork(until deadline: ContinuousClock.Instant?) async throws {
        let seen = inbox.bell.count
        let (hasArrived, nextDue) = inbox.withQueue { (!$0.arrived.isEmpty, $0.nextDue) }
        if hasArrived && inbox.commands.isCaughtUp { return }
        var wake = deadline
        if let nextDue {
            let instant = ContinuousClock.now + max(.zero, nextDue - broker.now())
            wake = wake.map { min($0, instant) } ?? instant
        }
        await inbox.bell.wait(since: seen, until: wake)
        try Task.checkCancellation()
    }

    package func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        // A retry, a dead letter, and what follows, is with the server before the old message is gone.
        var publications: [Publication] = []
        let now = broker.now()
        let held = inbox.withQueue { queue in outcomes.map { queue.held($0.handle) } }
        for case (let outcome, let held?) in zip(outcomes, held) {
            publications += outcome.followUps.map { broker.publication(of: $0, now: now) }
            switch outcome.disposition {
            case .acknowledge: break
            case .retry(let again):
                // It goes on counting: an outcome with a lower number than the result it replaces would be fenced off.
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
            // What goes back is not to come again at once.
            haveNoRoom(beside: handles.count)
            let worn = inbox.withQueue { queue in
                handles.filter { queue.held($0).map { $0.returns >= AttemptHeader.manyReturns } ?? false }
            }
            // A new message, so that returns do not add up to what is taken for deaths. It keeps the number: a worker
            // that was lost may have begun any of those before.
            try await replace(worn) { AttemptHeader.next($0.message, after: $0.attempt - 1, crashes: $0.crashes) }
            _ = await release(handles.filter { !worn.contains($0) }, .giveBack)
            return
        }
        // The server does not count executions: the message goes back with their number.
        try await replace(handles) { AttemptHeader.next($0.message, after: $0.attempt, crashes: $0.crashes) }
    }

    package func giveBack(crashed handles: [DeliveryHandle]) async throws {
        try await replace(handles) { AttemptHeader.next($0.message, after: $0.attempt, crashes: $0.crashes + 1) }
    }

    /// Ends deliveries by a new message for each, in the same queue.
    private func replace(_ handles: [DeliveryHandle], _ next: @Sendable (DeliveryQueue.Held) -> Message) async throws {
        guard !handles.isEmpty else { return }
        let again = inbox.withQueue { queue in handles.compactMap { queue.held($0).map { next($0).backToItsQueue } } }
        if !again.isEmpty { try await broker.publish(again) }
        _ = await release(handles, .acknowledge)
    }

    /// Ends deliveries the worker had. Returns which of them were still ours.
    func release(_ handles: [DeliveryHandle], _ ending: DeliveryEnding) async -> [Bool] {
        let (tags, generation) = inbox.withQueue { queue in
            (handles.map { queue.release($0)?.tag }, queue.generation)
        }
        let isSent = await end(tags.compactMap { $0 }, generation, ending)
        return tags.map { $0 != nil && isSent }
    }

    /// - Returns: whether it was sent on the connection the deliveries came on.
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

    /// Puts messages with a far-off ETA onto the ladder, which remembers better than a worker.
    private func relocate(_ entries: [DeliveryQueue.Scheduled], _ generation: Int) async {
        do {
            // To their queue: the ladder ends there, and an exchange would only bring them back here.
            try await broker.publish(entries.map { AttemptHeader.next($0.message.backToItsQueue, after: $0.attempt - 1, crashes: $0.crashes) })
            await end(entries.map(\.delivery.tag), generation, .acknowledge)
            inbox.withQueue { if $0.generation == generation { $0.endAside(entries.count) } }
        } catch {
            inbox.notice("cannot set \(entries.count) messages aside until their time, so they are held here: \(error)")
            inbox.withQueue { queue in
                guard queue.generation == generation else { return }
                queue.endAside(entries.count)
                for entry in entries { queue.hold(entry) }
            }
        }
        inbox.bell.ring()
    }

    /// Waits for what is on its way to the ladder, for it would come twice; but not for a ladder that cannot be reached.
    private func waitForRelocation() async {
        let deadline = ContinuousClock.now + .seconds(2)
        while .now < deadline {
            let seen = inbox.bell.count
            if inbox.withQueue({ $0.asideCount }) == 0 { return }
            await inbox.bell.wait(since: seen, until: deadline)
        }
    }

    /// Ends as a killed worker would: the server finds the connection gone.
    package func die() async {
        inbox.finish()
        await owner.abort()
    }

    package func close() async {
        // A task that is cancelled must not leave them behind.
        await Task { [self] in
            await waitForRelocation()
            let (tags, generation) = inbox.withQueue { queue -> ([UInt64], Int) in
                return (queue.releaseAll() + queue.popAll(), queue.generation)
            }
            await end(tags, generation, .giveBack)
            // Its loss is no news from now on.
            inbox.finish()
            await owner.close()
        }.value
    }
}

extension AMQPConsumer: BacklogKnowing {
    package func backlog() async throws -> Int {
        do {
            // Asked on the subscription's own channel: what the server counts no more comes before its answer.
            let ready = try await owner.perform(as: Subscription.self, within: .seconds(20)) {
                (connection, subscription) throws(RabbitMQError) in
                // An answer would have to wait for the rest of a large message.
                connection.isReceiving ? 0 : try subscription.countReady(connection)
            }
            // By now all that came has been looked at; of a large one there may be more to come.
            let isReceiving = try await owner.perform(as: Subscription.self, within: .seconds(20)) {
                (connection, _) throws(RabbitMQError) in connection.isReceiving
            }
            return ready + (isReceiving ? 1 : 0) + inbox.heldCount
        } catch let error as RabbitMQError {
            throw DriverError(error, at: broker.location)
        }
    }
}

extension AMQPConsumer: DeliveryPushing {
    package func haveNoRoom() { haveNoRoom(beside: 0) }

    package func endPushing() async {
        // Without a connection nothing is pushed either.
        try? await select { $0.isEnding = true }
    }

    /// - Parameter count: How many of those with the worker are about to go back.
    private func haveNoRoom(beside count: Int) { followPrefetch(-count) }
}

extension AMQPConsumer: BrokerReporting {
    package var notices: AsyncStream<BrokerNotice> { inbox.notices }
}
