import CeleryCore
import STOMP
import Synchronization
import Wire

/// Shared by the connection's thread and the worker.
final class STOMPInbox: Sendable {
    private let deliveries: Mutex<STOMPDeliveries>
    private let requests: AsyncStream<WireMessage>
    private let pass: AsyncStream<WireMessage>.Continuation
    private let notify: AsyncStream<BrokerNotice>.Continuation
    private let toldAboutDelays = Atomic<Bool>(false)
    /// Whether the first connection was made; until then its failures are the caller's.
    private let hasBegun = Atomic<Bool>(false)
    /// Whether the last connection was lost, and that was reported.
    private let isLost = Atomic<Bool>(false)

    let layout: STOMPLayout
    let settings: Settings
    let location: String
    /// Rings when a delivery arrives or the connection changes.
    let bell = Bell()
    let notices: AsyncStream<BrokerNotice>

    /// Of this program alone: RabbitMQ may name a queue after it.
    private let control = "control-\(TaskID())"
    /// What the worker sends while it ends has this mark, and its own subscriptions do not take it.
    ///
    /// They are still there until their last message is acknowledged, and would get at once what replaces that message. ActiveMQ marks
    /// all that a subscription had as redelivered, so the next worker would count an attempt that nobody made.
    private let ending = STOMPFrame.Header("celery_ending", TaskID().text)

    init(layout: STOMPLayout, settings: Settings, queues: [String], location: String) {
        (self.layout, self.settings, self.location) = (layout, settings, location)
        deliveries = Mutex(STOMPDeliveries(queues: queues))
        (notices, notify) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(100))
        (requests, pass) = AsyncStream.makeStream(of: WireMessage.self, bufferingPolicy: .bufferingNewest(1_000))
        deliveries.withLock { $0.shares = QueueShares(weights: settings.queueWeights) }
    }

    func withDeliveries<Value>(_ body: (inout sending STOMPDeliveries) -> sending Value) -> sending Value {
        deliveries.withLock { deliveries in body(&deliveries) }
    }

    // MARK: For the thread

    /// - Returns: What to send first on a new connection.
    func begin(_ server: STOMPServer, generation: Int) -> [STOMPFrame] {
        let subscriptions = deliveries.withLock { deliveries -> [STOMPDeliveries.Subscription] in
            deliveries.begin(server, generation: generation)
            return deliveries.want(0).new
        }
        if isLost.exchange(false, ordering: .relaxed) { notify.yield(BrokerNotice("connected to \(location) again, and consuming", isTrouble: false)) }
        hasBegun.store(true, ordering: .relaxed)
        bell.ring()
        let control = STOMPFrame(
            "SUBSCRIBE",
            [
                STOMPFrame.Header("id", self.control), STOMPFrame.Header("destination", layout.topic(ControlMessage.exchange)),
                STOMPFrame.Header("ack", "auto"),
            ])
        return [control] + frames(for: subscriptions, at: server)
    }

    /// The frames that make these subscriptions.
    func frames(for subscriptions: [STOMPDeliveries.Subscription], at server: STOMPServer) -> [STOMPFrame] {
        subscriptions.map { subscription in
            STOMPFrame(
                "SUBSCRIBE",
                [
                    STOMPFrame.Header("id", subscription.id), STOMPFrame.Header("destination", layout.queue(subscription.queue)),
                    STOMPFrame.Header("ack", "client-individual"), server.prefetchHeader(subscription.size),
                ] + layout.arguments(of: settings.definition(of: subscription.queue), at: server) + (server.selects ? [selector] : []))
        }
    }

    private var selector: STOMPFrame.Header {
        STOMPFrame.Header("selector", "\(ending.name) IS NULL OR \(ending.name) <> '\(ending.value)'")
    }

    /// More headers of what the worker sends.
    var marks: [STOMPFrame.Header] { withDeliveries { $0.isEnding && $0.server.selects } ? [ending] : [] }

    func hear(_ frame: STOMPFrame, generation: Int) {
        if frame["subscription"] == self.control {
            if let wire = try? STOMPEnvelope.read(frame) { pass.yield(wire) }
            return
        }
        deliveries.withLock { if $0.generation == generation { $0.add(frame) } }
        bell.ring()
    }

    func lost(_ error: STOMPError) {
        deliveries.withLock { $0.reset() }
        if hasBegun.load(ordering: .relaxed), !isLost.exchange(true, ordering: .relaxed) {
            notify.yield(BrokerNotice("connection to the broker lost: \(error.message)", isTrouble: true))
        }
        bell.ring()
    }

    // MARK: For the worker

    func notice(_ text: String) { notify.yield(BrokerNotice(text, isTrouble: true)) }

    /// Whether the server was found to delay no messages although it should be able to.
    var delaysInVain: Bool { toldAboutDelays.load(ordering: .relaxed) }

    /// Tells once that the server delays no messages although it should be able to.
    func tellAboutDelays() {
        guard !toldAboutDelays.exchange(true, ordering: .relaxed) else { return }
        notice("\(location) does not hold messages back until their ETA, so this worker does: set schedulerSupport=\"true\" in activemq.xml")
    }

    /// Answers requests, one after the other, until the subscription ends.
    func answer(as node: String, through broker: STOMPBroker, _ handler: @Sendable (ControlRequest) async -> JSON?) async {
        var clock = 0
        for await wire in requests {
            // Ignore malformed requests and requests for other workers.
            guard let control = try? ControlMessage(wire), control.isFor(node) else { continue }
            clock = max(clock, control.clock) + 1
            if control.isExpired(at: broker.now()) { continue }
            guard let value = await handler(control.request), let answer = control.answer(of: node, value, clock: clock) else { continue }
            // A client that has left does not need the answer.
            try? await broker.answer(answer)
        }
    }

    func finish() {
        notify.finish()
        pass.finish()
    }
}
