import CeleryCore
import RabbitMQ
import Synchronization

/// Where the thread of a subscription and the worker meet.
final class Inbox: Sendable {
    private let line = Mutex(DeliveryLine())
    private let selection: Mutex<QueueSelection>
    /// Rings when something has come or the connection has changed.
    let bell = Bell()
    let control = ControlInbox()
    let orders = OrderBook()
    let notices: AsyncStream<BrokerNotice>
    private let notify: AsyncStream<BrokerNotice>.Continuation
    private let beginning = Mutex(Beginning.waiting(nil))
    /// Until then it is tried again, where that may help.
    private let beginningEnd = ContinuousClock.now + .seconds(15)

    private var isBeginning: Bool {
        beginning.withLock { beginning in if case .waiting = beginning { true } else { false } }
    }

    private enum Beginning {
        case waiting(CheckedContinuation<Void, any Error>?)
        case over(RabbitMQError?)
    }

    init(queues: [String]) {
        selection = Mutex(QueueSelection(queues))
        (notices, notify) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(100))
    }

    /// The queues, as they are taken from now.
    var queues: QueueSelection { selection.withLock { $0 } }

    func withLine<Value>(_ body: (inout sending DeliveryLine) -> sending Value) -> sending Value {
        line.withLock { line in body(&line) }
    }

    var heldCount: Int { line.withLock { $0.heldCount } }

    // MARK: For the thread

    /// A new connection. Returns its number.
    func begin() -> Int {
        line.withLock { line in
            line.begin()
            return line.generation
        }
    }

    /// Changes what is taken from.
    func select(_ queues: QueueSelection) { selection.withLock { $0 = queues } }

    func subscribed(at location: String) {
        if !finishBeginning(nil) { notify.yield(BrokerNotice("connected to \(location) again, and consuming", isTrouble: false)) }
        bell.ring()
    }

    func add(_ deliveries: [IncomingDelivery]) {
        line.withLock { line in
            for delivery in deliveries { line.add(delivery) }
        }
        bell.ring()
    }

    func lost(_ error: RabbitMQError) {
        // A server that has only come up has queues and streams that nobody leads yet (541, internal error).
        if error.code == .refused(541), isBeginning, .now < beginningEnd { return }
        if !finishBeginning(error) { notify.yield(BrokerNotice("connection to the broker lost: \(error.message)", isTrouble: true)) }
        line.withLock { $0.begin() }
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
        try await withCheckedThrowingContinuation { continuation in
            let outcome = beginning.withLock { beginning -> RabbitMQError?? in
                if case .over(let error) = beginning { return .some(error) }
                beginning = .waiting(continuation)
                return nil
            }
            if let outcome { continuation.resume(with: outcome.map { .failure($0) } ?? .success(())) }
        }
    }

    /// - Returns: whether it was the first time.
    private func finishBeginning(_ error: RabbitMQError?) -> Bool {
        let waiter = beginning.withLock { beginning -> CheckedContinuation<Void, any Error>?? in
            guard case .waiting(let waiter) = beginning else { return nil }
            beginning = .over(error)
            return .some(waiter)
        }
        guard let waiter else { return false }
        waiter?.resume(with: error.map { .failure($0) } ?? .success(()))
        return true
    }
}
