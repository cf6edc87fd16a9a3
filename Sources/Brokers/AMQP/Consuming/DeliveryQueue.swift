import CeleryCore
import DequeModule
import HeapModule
import RabbitMQ

/// The deliveries of a subscription: waiting, held until their ETA, moving to the ladder, or with the worker.
///
/// RabbitMQ counts all of these against the prefetch count. The consumer guards this value with a lock.
struct DeliveryQueue {
    /// Delivered and not yet read.
    private(set) var arrived: Deque<IncomingDelivery> = []
    /// Waiting for their ETA.
    private(set) var scheduled: Heap<Scheduled> = []
    /// Deliveries with the worker, by the number in the handle.
    private var handed: [Int64: Held] = [:]
    /// Number of messages with a far-off ETA on their way to the ladder.
    private(set) var asideCount = 0
    /// How many deliveries the worker wants to hold at most, on this connection and later ones.
    private(set) var wanted = 1
    /// Number of the connection of these deliveries; increases with each connection.
    private(set) var generation = 0
    /// Whose turn it is among several queues.
    var shares = QueueShares()
    private var acknowledgements = AcknowledgementQueue()
    private var lastNumber: Int64 = 0

    /// A delivery that the worker has, or had when its connection was lost.
    struct Held {
        var generation: Int
        var delivery: IncomingDelivery
        var attempt: Int
        /// How often the message returned to the queue before.
        var returns: Int
        var crashes: Int
        var message: Message
        var tag: UInt64 { delivery.tag }
    }

    struct Scheduled: Comparable {
        var eta: Timestamp
        var delivery: IncomingDelivery
        var message: Message
        var attempt: Int
        var returns = 0
        var crashes = 0
        var doubts = 0
        var defect: Delivery.Defect?
        var waitsSince: Timestamp?

        static func < (left: Self, right: Self) -> Bool {
            (left.eta, left.delivery.tag) < (right.eta, right.delivery.tag)
        }

        static func == (left: Self, right: Self) -> Bool { left.delivery.tag == right.delivery.tag }
    }

    /// Number of deliveries that RabbitMQ counts against the prefetch count.
    var heldCount: Int { acknowledgements.openCount }
    /// Number of this connection's deliveries with the worker.
    private(set) var handedCount = 0
    var nextDue: Timestamp? { scheduled.min?.eta }

    /// AMQP's limit for a prefetch count.
    private static let mostWanted = 65_535
    /// Approximate limit of messages taken for the ladder while it cannot be reached.
    private static let mostAside = 1_000

    /// Notes that the worker can take `space` more deliveries than it has.
    ///
    /// - Returns: Whether the change is worth a call to the server.
    mutating func want(_ space: Int) -> Bool {
        let count = min(Self.mostWanted, max(1, handedCount + scheduled.count + min(asideCount, Self.mostAside) + space))
        // Small changes are not worth a call, except near the bottom.
        guard count > wanted || count < wanted * 3 / 4 else { return false }
        wanted = count
        return true
    }

    /// Starts a new connection: the server redelivers everything from the last one.
    mutating func begin() {
        generation += 1
        arrived = []
        scheduled = []
        handedCount = 0
        asideCount = 0
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

    mutating func popDue(_ now: Timestamp) -> Scheduled? {
        guard let first = scheduled.min, first.eta <= now else { return nil }
        return scheduled.removeMin()
    }

    mutating func hold(_ entry: Scheduled) { scheduled.insert(entry) }

    /// Notes that a delivery is on its way to the ladder.
    mutating func setAside() { asideCount += 1 }

    /// Notes that `count` messages reached the ladder or could not.
    mutating func endAside(_ count: Int) { asideCount -= count }

    /// Takes out the waiting deliveries that match, with or without an ETA.
    mutating func pop(where isTaken: (IncomingDelivery) -> Bool) -> [UInt64] {
        let entries = Array(scheduled.unordered)
        let leaving = entries.filter { isTaken($0.delivery) }
        if !leaving.isEmpty { scheduled = Heap(entries.filter { !isTaken($0.delivery) }) }
        let tags = arrived.filter(isTaken).map(\.tag)
        if !tags.isEmpty { arrived.removeAll(where: isTaken) }
        return tags + leaving.map(\.delivery.tag)
    }

    /// Takes out the matching deliveries that wait for their ETA.
    mutating func popScheduled(where matches: (Scheduled) -> Bool) -> [Scheduled] {
        let entries = Array(scheduled.unordered)
        let found = entries.filter(matches)
        if !found.isEmpty { scheduled = Heap(entries.filter { !matches($0) }) }
        return found
    }

    /// Notes a delivery to be returned unread.
    mutating func pass(_ delivery: IncomingDelivery) { acknowledgements.add(delivery.tag) }

    /// Takes out all waiting deliveries, with or without an ETA.
    mutating func popAll() -> [UInt64] {
        let tags = arrived.map(\.tag) + scheduled.unordered.map(\.delivery.tag)
        arrived = []
        scheduled = []
        return tags
    }

    /// Notes that the worker has taken a delivery.
    mutating func hand(_ entry: Scheduled) -> DeliveryHandle {
        lastNumber += 1
        handed[lastNumber] = Held(
            generation: generation, delivery: entry.delivery, attempt: entry.attempt, returns: entry.returns,
            crashes: entry.crashes, message: entry.message)
        handedCount += 1
        return DeliveryHandle(tag: lastNumber, attempt: entry.attempt)
    }

    /// The delivery behind a handle, if the worker may still settle it.
    func held(_ handle: DeliveryHandle) -> Held? {
        guard let entry = handed[handle.tag], entry.generation == generation, entry.attempt == handle.attempt else { return nil }
        return entry
    }

    /// Removes a delivery that the worker is done with.
    ///
    /// - Returns: The delivery, if the server still waits for its acknowledgement.
    mutating func release(_ handle: DeliveryHandle) -> Held? {
        guard let entry = held(handle) else {
            if handed[handle.tag]?.generation != generation { handed[handle.tag] = nil }
            return nil
        }
        handed[handle.tag] = nil
        handedCount -= 1
        return entry
    }

    /// Takes out all deliveries with the worker.
    mutating func releaseAll() -> [UInt64] {
        defer {
            handed = [:]
            handedCount = 0
        }
        return handed.values.filter { $0.generation == generation }.map(\.tag).sorted()
    }

    /// Marks deliveries as settled, however they ended.
    mutating func settle(_ tags: [UInt64]) -> AcknowledgementQueue.Acknowledgements { acknowledgements.settle(tags) }
}
