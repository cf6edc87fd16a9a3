import CeleryCore
import RabbitMQ
import Synchronization

/// Where the thread of a subscription and the worker meet.
final class Inbox: Sendable {
    private let queue = Mutex(DeliveryQueue())
    private let selection: Mutex<QueueSelection>
    /// Rings when something has come or the connection has changed.
    let bell = Bell()
    let control = ControlInbox()
    let commands = CommandBook()
    let notices: AsyncStream<BrokerNotice>
    private let notify: AsyncStream<BrokerNotice>.Continuation
    /// The outcome of the first connection.
    private let beginning = SetOnce<RabbitMQError?>()
    /// Until then it is tried again, where that may help.
    private let beginningEnd = ContinuousClock.now + .seconds(15)

    init(queues: [String]) {
        selection = Mutex(QueueSelection(queues))
        (notices, notify) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(100))
    }

    /// The queues, as they are taken from now.
    var queues: QueueSelection { selection.withLock { $0 } }

    func withQueue<Value>(_ body: (inout sending DeliveryQueue) -> sending Value) -> sending Value {
        queue.withLock { queue in body(&queue) }
    }

    var heldCount: Int { queue.withLock { $0.heldCount } }

    // MARK: For the thread

    /// A new connection. Returns its number.
    func begin() -> Int {
        queue.withLock { queue in
            queue.begin()
            return queue.generation
        }
    }

    /// Changes what is taken from.
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
        // A server that has only come up has queues and streams that nobody leads yet (541, internal error).
        if error.code == .refused(541), !beginning.isSet, .now < beginningEnd { return }
        if !beginning.set(error) { notify.yield(BrokerNotice("connection to the broker lost: \(error.message)", isTrouble: true)) }
        queue.withLock { $0.begin() }
        bell.ring()
    }

    // MARK: For the worker

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
