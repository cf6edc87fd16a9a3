import CeleryCore
import DequeModule
import HeapModule
import RabbitMQ

extension IncomingDelivery: PushedMessage {}

/// The deliveries of a subscription: waiting, held until their ETA, moving to the ladder, or with the worker.
///
/// RabbitMQ counts all of these against the prefetch count. The consumer guards this value with a lock.
struct DeliveryQueue: PushedDeliveries {
    /// Delivered and not yet read.
    private(set) var arrived: Deque<IncomingDelivery> = []
    var book = DeliveryBook<IncomingDelivery>()
    /// How many deliveries the worker wants to hold at most, on this connection and later ones.
    private(set) var wanted = 1
    /// Whose turn it is among several queues.
    var shares = QueueShares()
    private var acknowledgements = AcknowledgementQueue()

    /// Number of deliveries that RabbitMQ counts against the prefetch count.
    var heldCount: Int { acknowledgements.openCount }

    /// AMQP's limit for a prefetch count.
    private static let mostWanted = 65_535
    /// Approximate limit of messages taken for the ladder while it cannot be reached.
    private static let mostAside = 1_000

    /// Notes that the worker can take `space` more deliveries than it has.
    ///
    /// - Returns: Whether the change is worth a call to the server.
    mutating func want(_ space: Int) -> Bool {
        let count = min(Self.mostWanted, max(1, book.handedCount + scheduled.count + min(book.asideCount, Self.mostAside) + space))
        // Small changes are not worth a call, except near the bottom.
        guard count > wanted || count < wanted * 3 / 4 else { return false }
        wanted = count
        return true
    }

    /// Starts a new connection: the server redelivers everything from the last one.
    mutating func begin() {
        book.begin(generation: generation + 1)
        arrived = []
        acknowledgements = AcknowledgementQueue()
    }

    mutating func add(_ delivery: IncomingDelivery) {
        arrived.append(delivery)
        acknowledgements.add(delivery.tag)
    }

    /// Moves the deliveries that come next by queue weight to the front, when not all can be taken.
    ///
    /// - Parameters:
    ///   - maximum: How many can be taken.
    ///   - queue: Returns the queue of a consumer.
    mutating func arrange(_ maximum: Int, by queue: (_ consumer: String) -> String) {
        shares.arrange(&arrived, for: maximum) { queue($0.consumer) }
    }

    mutating func popArrived() -> IncomingDelivery? { arrived.popFirst() }

    /// Takes the newest unread deliveries in excess of the wanted number.
    ///
    /// - Parameter isTaken: Whether a delivery may be returned.
    mutating func popSurplus(where isTaken: (IncomingDelivery) -> Bool) -> [UInt64] {
        var left = min(heldCount - wanted, arrived.count)
        guard left > 0 else { return [] }
        var tags: [UInt64] = []
        for index in arrived.indices.reversed() where left > 0 && isTaken(arrived[index]) {
            tags.append(arrived.remove(at: index).tag)
            left -= 1
        }
        return tags
    }

    /// Takes out the waiting deliveries that match, with or without an ETA.
    mutating func pop(where isTaken: (IncomingDelivery) -> Bool) -> [UInt64] {
        let tags = arrived.filter(isTaken).map(\.tag)
        if !tags.isEmpty { arrived.removeAll(where: isTaken) }
        return tags + book.popScheduled { isTaken($0.arrived) }.map(\.arrived.tag)
    }

    /// Notes a delivery to be returned unread.
    mutating func pass(_ delivery: IncomingDelivery) { acknowledgements.add(delivery.tag) }

    /// Takes out all waiting deliveries, with or without an ETA.
    mutating func popAll() -> [UInt64] { pop { _ in true } }

    /// Takes out all deliveries with the worker.
    mutating func releaseAll() -> [UInt64] { book.releaseAll().map(\.arrived.tag).sorted() }

    /// Marks deliveries as settled, however they ended.
    mutating func settle(_ tags: [UInt64]) -> AcknowledgementQueue.Acknowledgements { acknowledgements.settle(tags) }
}
