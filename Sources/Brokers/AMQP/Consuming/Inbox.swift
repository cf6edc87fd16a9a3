import CeleryCore
import RabbitMQ
import Synchronization

/// Shared by the subscription's thread and the worker.
final class Inbox: Sendable {
    private let queue = Mutex(DeliveryQueue())
    private let selection: Mutex<QueueSelection>
    /// Rings when a delivery arrives or the connection changes.
    let bell = Bell()
    let control = ControlInbox()
    let commands = CommandBook()
    /// What the server of this connection can do, or of the last one.
    private let known = Mutex<ServerAbilities?>(nil)
    let notices: AsyncStream<BrokerNotice>
    private let notify: AsyncStream<BrokerNotice>.Continuation
    /// The outcome of the first connection.
    private let beginning = SetOnce<RabbitMQError?>()
    /// Until then the first connection is tried again when the server is still starting.
    private let beginningEnd = ContinuousClock.now + .seconds(15)

    init(queues: [String]) {
        selection = Mutex(QueueSelection(queues))
        (notices, notify) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(100))
    }

    /// The selection of queues in use.
    var queues: QueueSelection { selection.withLock { $0 } }

    func withQueue<Value>(_ body: (inout sending DeliveryQueue) -> sending Value) -> sending Value {
        queue.withLock { queue in body(&queue) }
    }

    var heldCount: Int { queue.withLock { $0.heldCount } }

    // MARK: For the thread

    /// Starts a new connection and returns its number.
    func begin(at server: ServerAbilities) -> Int {
        known.withLock { $0 = server }
        return queue.withLock { queue in
            queue.begin()
            return queue.generation
        }
    }

    /// Replaces the selection of queues.
    func select(_ queues: QueueSelection) { selection.withLock { $0 = queues } }

    func subscribed(at location: String) {
        if !beginning.set(nil) { notify.yield(BrokerNotice("connected to \(location) again, and consuming", isTrouble: false)) }
        bell.ring()
    }

    func add(_ deliveries: [IncomingDelivery]) {
        queue.withLock { queue in
            for delivery in deliveries { queue.add(delivery) }
        }
        bell.ring()
    }

    func lost(_ error: RabbitMQError) {
        // A server that has just started has queues and streams without a leader (541, internal error).
        if error.code == .refused(541), !beginning.isSet, .now < beginningEnd { return }
        if !beginning.set(error) { notify.yield(BrokerNotice("connection to the broker lost: \(error.message)", isTrouble: true)) }
        queue.withLock { $0.begin() }
        bell.ring()
    }

    // MARK: For the worker

    /// Whether the server can do this; `true` before the first connection.
    func serverHas(_ ability: ServerAbilities.Ability) -> Bool { server?.has(ability) ?? true }

    /// The server of this connection, or of the last one; `nil` before the first.
    var server: ServerAbilities? { known.withLock { $0 } }

    /// Tells operators what is no trouble.
    func mention(_ text: String) { notify.yield(BrokerNotice(text, isTrouble: false)) }

    func notice(_ text: String) { notify.yield(BrokerNotice(text, isTrouble: true)) }

    func finish() {
        notify.finish()
        control.finish()
    }

    /// Waits until the first connection is made.
    func waitForBeginning() async throws {
        if let error = await beginning.value() { throw error }
    }
}
