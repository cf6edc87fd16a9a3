package import CeleryCore
import Proton
import Synchronization
import Wire

/// A worker's subscription at an AMQP 1.0 server.
///
/// The server pushes as far as it has credit; `take` reads what has arrived.
package final class AMQP10Consumer: BrokerConsumer {
    let broker: AMQP10Broker
    /// The worker's name.
    let node: String
    let inbox: AMQP10Inbox
    let client: ProtonClient
    /// Gives back what came and is not for the worker; ends with the inbox.
    private let returning = Mutex<Task<Void, Never>?>(nil)

    /// How long messages that were sent before the credit was taken back may be on their way from a server that forgets them.
    private static let grace: Duration = .milliseconds(250)

    /// Connects and subscribes.
    ///
    /// - Throws: `DriverError` when the first connection fails or a queue is refused; later connections are made as often as needed.
    init(broker: AMQP10Broker, queues: [String], worker: WorkerIdentity) async throws {
        self.broker = broker
        node = worker.name
        let inbox = AMQP10Inbox(layout: broker.layout, settings: broker.settings, queues: queues, location: broker.location)
        self.inbox = inbox
        let reply = ReplyingClient()
        client = ProtonClient(
            broker.options,
            listener: ProtonClient.Listener(
                connected: { inbox.begin($0, generation: $1) },
                heard: { arrival, generation in reply.client?.post(inbox.hear(arrival, generation: generation), on: generation) },
                lost: { inbox.lost($0) }))
        reply.set(client)
        do throws(ProtonError) {
            broker.note(try await client.connect())
        } catch {
            await client.abort()
            throw DriverError(error, at: broker.location)
        }
        let task = Task { [weak self, strays = inbox.strays] in
            for await stray in strays { await self?.giveBack(unread: [stray]) }
        }
        returning.withLock { $0 = task }
    }

    package func take(_ maximum: Int) async throws -> [Delivery] {
        guard maximum > 0 else { return [] }
        let now = broker.now()
        let (deliveries, distant, generation, orders) = inbox.withDeliveries { state in
            let nearETA = broker.nearETA(at: state.server)
            state.arrange(maximum)
            let overdue = state.popOverdue()
            state.book.setAside(overdue.count)
            let taken = state.take(maximum, now: now, read: Self.read) {
                $0.eta.seconds - now.seconds > nearETA && !AMQP10Envelope.wasDelayed($0.arrived.message)
            }
            return (taken.deliveries, overdue + taken.distant, state.generation, state.want(maximum - taken.deliveries.count))
        }
        client.post(orders, on: generation)
        // Run concurrently: publishing may block, and the deliveries that are due must not wait.
        if !distant.isEmpty { Task { await relocate(distant, generation) } }
        return deliveries
    }

    /// Reads a delivery.
    private static func read(_ arrived: AMQP10Deliveries.Arrived, number: Int64) -> AMQP10Deliveries.Entry {
        var message: Message
        var defect: Delivery.Defect?
        if let fault = arrived.fault {
            (message, defect) = defective(arrived.message, fault)
        } else {
            do throws(MalformedMessage) {
                message = try TaskMessageDecoder().decode(AMQP10Envelope.read(arrived.message), queue: arrived.queue)
            } catch {
                (message, defect) = defective(arrived.message, "\(error)")
            }
        }
        message.route.queue = arrived.queue
        let count = AttemptHeader.read(&message, returns: AMQP10Envelope.returns(of: arrived.message))
        return AMQP10Deliveries.Entry(arrived, number: number, message: message, count: count, defect: defect)
    }

    /// An unreadable message, as far as it can be read.
    private static func defective(_ arrived: ProtonMessage, _ reason: String) -> (Message, Delivery.Defect) {
        Delivery.defective((try? AMQP10Envelope.read(arrived)) ?? AMQP10Envelope.remains(of: arrived), reason)
    }

    package func waitForWork(until deadline: ContinuousClock.Instant?) async throws {
        try await inbox.bell.waitForWork(until: deadline, now: broker.now) {
            inbox.withDeliveries { (!$0.arrived.isEmpty && !$0.isEnding, $0.nextDue, $0.nextRenewal) }
        }
    }

    /// Moves messages with a far-off ETA to where they wait without a worker, or puts them into their queue anew.
    private func relocate(_ entries: [AMQP10Deliveries.Entry], _ generation: Int) async {
        do {
            try await broker.publish(entries.map(\.unbegun))
            _ = inbox.withDeliveries { $0.book.endAside(entries.count, scheduling: [], generation: generation) }
            client.post([.settle(entries.compactMap(\.arrived.delivery), .accepted)], on: generation)
        } catch {
            inbox.notice("cannot have \(entries.count) messages wait at the server, so this worker holds them: \(error)")
            _ = inbox.withDeliveries { $0.book.endAside(entries.count, scheduling: entries, generation: generation) }
        }
        inbox.bell.ring()
    }

    /// Gives back what the worker has not read.
    func giveBack(unread: [AMQP10Deliveries.Arrived]) async {
        let generation = inbox.withDeliveries { $0.generation }
        client.post([.settle(unread.compactMap(\.delivery), .released)], on: generation)
        await sendAgain(unread.filter { $0.delivery == nil }.map { ($0.queue, $0.message) })
    }

    /// Sends what the server has forgotten; a message that came in bytes goes back in the same.
    private func sendAgain(_ messages: [(queue: String, message: ProtonMessage)]) async {
        guard !messages.isEmpty, let server = try? await broker.server() else { return }
        do {
            try await broker.send(messages.map { ProtonParcel(broker.layout.queue($0.queue, at: server), $0.message.encoded()) })
        } catch {
            inbox.notice("\(messages.count) messages that \(broker.location) keeps no more could not be given back: \(error)")
        }
    }

    /// Puts what is held until its time back as new messages: returning with the connection, each would count an attempt that nobody
    /// made.
    private func giveBackScheduled() async {
        let (entries, generation) = inbox.withDeliveries { ($0.popScheduled(), $0.generation) }
        guard !entries.isEmpty else { return }
        do {
            // Publishing has a connection of its own: the server might still have credit of this one, and send the new messages here.
            // A server that reads a connection in order has no credit any more once it answers; RabbitMQ, whose links are processes
            // of their own, will hardly have any. Whether it accepts the receiver does not matter.
            let orders = inbox.withDeliveries { [layout = broker.layout] state in
                let server = state.server
                return state.receiveNothing { layout.queue($0, at: server) }
            }
            do throws(ProtonError) { try await client.perform(orders, on: generation) } catch {
                guard [.denied, .missing, .conflict, .refused].contains(error.code) else { throw error }
            }
            try await broker.publish(entries.map(\.unbegun))
            try await client.perform([.settle(entries.compactMap(\.arrived.delivery), .accepted)], on: generation)
        } catch {
            inbox.notice("\(entries.count) messages that wait for their time return as if they had been begun: \(error)")
        }
    }

    /// Ends as a killed worker would: the server finds the connection closed.
    package func die() async {
        inbox.finish()
        await client.abort()
        inbox.withDeliveries { $0.reset() }
    }

    package func close() async {
        // A cancelled task must not leave deliveries behind.
        await Task { [self] in
            let (orders, unread, generation, server) = inbox.withDeliveries { state in
                let end = state.endPushing()
                return (end.orders, end.unread, state.generation, state.server)
            }
            client.post(orders, on: generation)
            await giveBack(unread: unread)
            if !server.keepsDelivered, generation >= 0 { try? await Task.sleep(for: Self.grace) }
            let forgotten = inbox.withDeliveries { $0.popForgotten() }
            await sendAgain(forgotten.unread.map { ($0.queue, $0.message) })
            let again = forgotten.entries.map(\.unbegun)
            do { try await broker.publish(again) } catch { inbox.notice("\(again.count) messages could not be given back: \(error)") }
            await giveBackScheduled()
            // From now on a lost connection is not reported. What else is held returns to its queue with the connection.
            inbox.finish()
            await returning.withLock { $0 }?.value
            await client.close()
            inbox.withDeliveries { $0.reset() }
            inbox.bell.ring()
        }.value
    }
}

extension AMQP10Consumer: BrokerReporting {
    package var notices: AsyncStream<BrokerNotice> { inbox.notices }
}

extension AMQP10Consumer: RemoteControllable {
    package func answerControl(_ handler: @escaping @Sendable (ControlRequest) async -> JSON?) {
        Task { [inbox, node, broker] in await inbox.answer(as: node, through: broker, handler) }
    }
}

extension AMQP10Consumer: ScheduleKnowing {
    /// Lists the postponed messages of this worker. A server that keeps messages back itself does not list them.
    package func scheduled(upTo most: Int) async throws -> [Message] { AMQP10Deliveries.messages(of: inbox.withDeliveries { $0.scheduled }, upTo: most) }
}

extension AMQP10Consumer: QueueSwitching {
    package var consumedQueues: [String] { inbox.withDeliveries { $0.queues } }

    package func consume(from queues: [String]) async throws {
        for queue in queues { try broker.layout.check(queue) }
        let server = try await broker.server()
        let (orders, unread, generation) = inbox.withDeliveries { [layout = broker.layout] state in
            let change = state.take(from: queues.distinct) { layout.queue($0, at: server) }
            return (change.orders, change.unread, state.generation)
        }
        client.post(orders, on: generation)
        await giveBack(unread: unread)
        inbox.bell.ring()
    }

    /// Does nothing: a queue has no properties here.
    package func define(_ queue: QueueDefinition) async {}
}

extension AMQP10Consumer: BacklogKnowing {
    /// What waits in the queues, and what this worker has; what others have, the server does not tell.
    ///
    /// A server that does not say when it has sent all there is gets half a second for it.
    package func backlog() async throws -> Int {
        let seen = inbox.bell.count
        let server = try await broker.server()
        var waiting = 0
        do throws(ProtonError) {
            switch server.emptiness {
            case .draining:
                let (orders, generation) = inbox.withDeliveries { state in (state.drain(), state.generation) }
                try await client.perform(orders.before, on: generation)
                client.post(orders.after, on: generation)
            case .counting:
                let (orders, generation) = inbox.withDeliveries { [layout = broker.layout] state in
                    (state.count { layout.queue($0, at: server) }, state.generation)
                }
                waiting = try await client.perform(orders, on: generation)
            case .waiting: await inbox.bell.wait(since: seen, until: .now + .milliseconds(500))
            }
        } catch {
            throw DriverError(error, at: broker.location)
        }
        return waiting + inbox.withDeliveries { $0.count }
    }
}
