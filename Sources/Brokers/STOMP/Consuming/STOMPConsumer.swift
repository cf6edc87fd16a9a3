package import CeleryCore
import STOMP
import Wire

/// A worker's subscription at a STOMP server.
///
/// The server pushes; `take` reads what has arrived. How much it pushes follows the worker's demand, so that no message waits here that
/// another worker could start.
// All that it stores are constants of types that may be shared, and its subclass stores nothing.
package class STOMPConsumer: BrokerConsumer, @unchecked Sendable {
    let broker: STOMPBroker
    /// The worker's name.
    let node: String
    let inbox: STOMPInbox
    let link: STOMPLink

    /// Connects and subscribes.
    ///
    /// - Throws: `DriverError` when the first connection fails; later ones are made as often as needed.
    required init(broker: STOMPBroker, queues: [String], worker: WorkerIdentity) async throws {
        self.broker = broker
        node = worker.name
        let inbox = STOMPInbox(layout: broker.layout, settings: broker.settings, queues: queues, location: broker.location)
        self.inbox = inbox
        link = STOMPLink(
            broker.options,
            listener: STOMPLink.Listener(
                connected: { inbox.begin($0, generation: $1) }, heard: { inbox.hear($0, generation: $1) }, lost: { inbox.lost($0) }))
        do throws(STOMPError) {
            broker.note(try await link.connect())
        } catch {
            await link.abort()
            throw DriverError(error, at: broker.location)
        }
        // By SUBSCRIBE, which the connection begins with.
        broker.noteDeclared(queues.map(broker.layout.queue))
    }

    package func take(_ maximum: Int) async throws -> [Delivery] {
        guard maximum > 0 else { return [] }
        let now = broker.now()
        var isInVain = false
        let (deliveries, distant, generation, server) = inbox.withDeliveries { state in
            let nearETA = broker.nearETA(at: state.server)
            state.arrange(maximum)
            let taken = state.take(maximum, now: now) { arrived, number in
                isInVain = isInVain || STOMPEnvelope.wasDelayedInVain(arrived.frame)
                return Self.read(arrived, number: number)
            } isDistant: {
                $0.eta.seconds - now.seconds > nearETA && !STOMPEnvelope.wasDelayedInVain($0.arrived.frame)
            }
            return (taken.deliveries, taken.distant, state.generation, state.server)
        }
        if isInVain { inbox.tellAboutDelays() }
        follow(maximum - deliveries.count, generation, server)
        // Run concurrently: publishing may block, and the deliveries that are due must not wait.
        if !distant.isEmpty { Task { await relocate(distant, generation) } }
        return deliveries
    }

    /// Reads a delivery.
    static func read(_ arrived: STOMPDeliveries.Arrived, number: Int64) -> STOMPDeliveries.Entry {
        var message: Message
        var defect: Delivery.Defect?
        do throws(MalformedMessage) {
            message = try TaskMessageDecoder().decode(STOMPEnvelope.read(arrived.frame), queue: arrived.queue)
        } catch {
            let wire = (try? STOMPEnvelope.read(arrived.frame)) ?? STOMPEnvelope.remains(of: arrived.frame)
            (message, defect) = Delivery.defective(wire, "\(error)")
        }
        message.route.queue = arrived.queue
        let count = AttemptHeader.read(&message, returns: STOMPEnvelope.returns(of: arrived.frame))
        return STOMPDeliveries.Entry(arrived, number: number, message: message, count: count, defect: defect)
    }

    /// Adapts the number of messages that the server sends to the worker's free capacity.
    private func follow(_ space: Int, _ generation: Int, _ server: STOMPServer) {
        let (gone, new) = inbox.withDeliveries { $0.generation == generation ? $0.want(space) : ([], []) }
        link.post(Self.ends("ACK", [], gone) + inbox.frames(for: new, at: server), on: generation)
    }

    package func waitForWork(until deadline: ContinuousClock.Instant?) async throws {
        try await inbox.bell.waitForWork(until: deadline, now: broker.now) {
            inbox.withDeliveries { (!$0.arrived.isEmpty && !$0.isEnding, $0.nextDue, nil) }
        }
    }

    /// Moves messages with a far-off ETA to where they wait without a worker.
    private func relocate(_ entries: [STOMPDeliveries.Entry], _ generation: Int) async {
        do {
            try await broker.publish(entries.map(\.unbegun))
            inbox.withDeliveries { state in
                let leaving = state.endAside(entries, keeping: false, generation: generation)
                // Under the lock: see `release`.
                link.post(Self.ends("ACK", entries.map(\.arrived.ackID), leaving), on: generation)
            }
        } catch {
            inbox.notice("cannot have \(entries.count) messages wait at the server, so this worker holds them: \(error)")
            _ = inbox.withDeliveries { $0.endAside(entries, keeping: true, generation: generation) }
        }
        inbox.bell.ring()
    }

    /// The frames that end deliveries, and subscriptions.
    static func ends(_ command: String, _ ackIDs: [String], _ subscriptions: [String]) -> [STOMPFrame] {
        ackIDs.map { STOMPFrame(command, [STOMPFrame.Header("id", $0)]) } + subscriptions.map { STOMPFrame("UNSUBSCRIBE", [STOMPFrame.Header("id", $0)]) }
    }

    /// Ends as a killed worker would: the server finds the connection closed.
    package func die() async {
        inbox.finish()
        await link.abort()
        inbox.withDeliveries { $0.reset() }
    }

    package func close() async {
        // A cancelled task must not leave deliveries behind.
        await Task { [self] in
            // From now on a lost connection is not reported. What is held returns to its queue with the connection.
            inbox.finish()
            await link.close()
            inbox.withDeliveries { $0.reset() }
            inbox.bell.ring()
        }.value
    }
}

extension STOMPConsumer: BrokerReporting {
    package var notices: AsyncStream<BrokerNotice> { inbox.notices }
}

extension STOMPConsumer: RemoteControllable {
    package func answerControl(_ handler: @escaping @Sendable (ControlRequest) async -> JSON?) {
        Task { [inbox, node, broker] in await inbox.answer(as: node, through: broker, handler) }
    }
}

extension STOMPConsumer: ScheduleKnowing {
    /// Lists the postponed messages of this worker. A server that keeps messages back itself does not list them.
    package func scheduled(upTo most: Int) async throws -> [Message] { STOMPDeliveries.messages(of: inbox.withDeliveries { $0.scheduled }, upTo: most) }
}
