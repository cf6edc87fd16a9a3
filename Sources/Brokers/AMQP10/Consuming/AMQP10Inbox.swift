import CeleryCore
import Proton
import Synchronization
import Wire

/// Shared by the connection's thread and the worker.
final class AMQP10Inbox: Sendable {
    private let deliveries: Mutex<AMQP10Deliveries>
    private let requests: AsyncStream<WireMessage>
    private let pass: AsyncStream<WireMessage>.Continuation
    private let notify: AsyncStream<BrokerNotice>.Continuation
    private let returning: AsyncStream<AMQP10Deliveries.Arrived>.Continuation
    /// What came and is not for the worker, to be given back.
    let strays: AsyncStream<AMQP10Deliveries.Arrived>
    /// Whether the first connection was made; until then its failures are the caller's.
    private let hasBegun = Atomic<Bool>(false)
    /// Whether the last connection was lost, and that was reported.
    private let isLost = Atomic<Bool>(false)

    let layout: AMQP10Layout
    let location: String
    /// Rings when a delivery arrives or the connection changes.
    let bell = Bell()
    let notices: AsyncStream<BrokerNotice>

    /// The receiver of remote control; those of queues have larger numbers.
    private static let control = 0
    /// Requests that may come before the last is read.
    private static let controlCredit = 1_000

    init(layout: AMQP10Layout, settings: Settings, queues: [String], location: String) {
        (self.layout, self.location) = (layout, location)
        deliveries = Mutex(AMQP10Deliveries(queues: queues))
        (notices, notify) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(100))
        (requests, pass) = AsyncStream.makeStream(of: WireMessage.self, bufferingPolicy: .bufferingNewest(Self.controlCredit))
        (strays, returning) = AsyncStream.makeStream()
        deliveries.withLock { $0.shares = QueueShares(weights: settings.queueWeights) }
    }

    func withDeliveries<Value>(_ body: (inout sending AMQP10Deliveries) -> sending Value) -> sending Value {
        deliveries.withLock { deliveries in body(&deliveries) }
    }

    // MARK: For the thread

    /// - Returns: What to ask of a new connection.
    func begin(_ server: ProtonServer, generation: Int) -> [ProtonOrder] {
        let orders = deliveries.withLock { [layout] in $0.begin(server, generation: generation) { layout.queue($0, at: server) } }
        if isLost.exchange(false, ordering: .relaxed) { notify.yield(BrokerNotice("connected to \(location) again, and consuming", isTrouble: false)) }
        hasBegun.store(true, ordering: .relaxed)
        bell.ring()
        guard let topic = layout.topic(ControlMessage.exchange, at: server) else { return orders }
        return [.receive(Self.control, from: topic, credit: Self.controlCredit)] + orders
    }

    /// - Returns: What to answer at once.
    func hear(_ arrival: ProtonArrival, generation: Int) -> [ProtonOrder] {
        if arrival.receiver == Self.control {
            if let message = try? ProtonMessage(decoding: arrival.bytes), let wire = try? AMQP10Envelope.read(message) { pass.yield(wire) }
            return [.credit(Self.control, Self.controlCredit)] + (arrival.delivery.map { [.settle([$0], .accepted)] } ?? [])
        }
        let stray = deliveries.withLock { $0.generation == generation ? $0.add(arrival) : nil }
        if let stray { returning.yield(stray) }
        bell.ring()
        return []
    }

    func lost(_ error: ProtonError) {
        deliveries.withLock { $0.reset() }
        if hasBegun.load(ordering: .relaxed), !isLost.exchange(true, ordering: .relaxed) {
            notify.yield(BrokerNotice("connection to the broker lost: \(error.message)", isTrouble: true))
        }
        bell.ring()
    }

    // MARK: For the worker

    func notice(_ text: String) { notify.yield(BrokerNotice(text, isTrouble: true)) }

    /// Answers requests, one after the other, until the subscription ends.
    func answer(as node: String, through broker: AMQP10Broker, _ handler: @Sendable (ControlRequest) async -> JSON?) async {
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
        returning.finish()
    }
}
