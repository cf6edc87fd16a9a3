import CeleryCore
import DequeModule
import HeapModule
import RabbitMQ

/// What a subscription holds: delivered and waiting, held until its time, on its way to the ladder, or with the worker.
///
/// RabbitMQ counts all of these against the prefetch count. A value: the consumer keeps
/// it under a lock.
struct DeliveryQueue {
    /// Delivered, not looked at.
    private(set) var arrived: Deque<IncomingDelivery> = []
    /// Waiting for their ETA.
    private(set) var scheduled: Heap<Scheduled> = []
    /// With the worker: the tag of the delivery, by the number in its handle.
    private var handed: [Int64: Held] = [:]
    /// On their way to the ladder, whose time is far off.
    private(set) var asideCount = 0
    /// How many the worker wants to hold, at most; for this connection and later ones.
    private(set) var wanted = 1
    /// Which connection all of them came on; counts up.
    private(set) var generation = 0
    /// Whose turn it is, when there are several queues.
    var shares = QueueShares()
    private var acknowledgements = AcknowledgementQueue()
    private var lastNumber: Int64 = 0

    /// A delivery that the worker has, or had when its connection was lost.
    struct Held {
        var generation: Int
        var delivery: IncomingDelivery
        var attempt: Int
        /// How often it came back to the queue before.
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

    /// Everything the server holds for us: what the prefetch count counts.
    var heldCount: Int { acknowledgements.openCount }
    /// How many of this connection are with the worker.
    private(set) var handedCount = 0
    var nextDue: Timestamp? { scheduled.min?.eta }

    /// AMQP's limit for a prefetch count.
    private static let mostWanted = 65_535
    /// While the ladder cannot be reached, no more than about so many messages for it are taken from the queue.
    private static let mostAside = 1_000

    /// The worker has room for so many more than it has.
    ///
    /// - Returns: whether that is worth telling the server.
    mutating func want(_ space: Int) -> Bool {
        let count = min(Self.mostWanted, max(1, handedCount + scheduled.count + min(asideCount, Self.mostAside) + space))
        // Small changes are not worth a call; but near the bottom each counts.
        guard count > wanted || count < wanted * 3 / 4 else { return false }
        wanted = count
        return true
    }

    /// A new connection: what came on the last one will be delivered again.
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

    /// Puts those to the front that come next by the weights of their queues, when not all can be taken.
    ///
    /// - Parameters:
    ///   - maximum: How many can.
    ///   - queue: The queue of a consumer.
    mutating func arrange(_ maximum: Int, by queue: (_ consumer: String) -> String) {
        guard arrived.count > maximum else { return }
        let names = arrived.map { queue($0.consumer) }
        let queues = names.distinct
        guard queues.count > 1 else { return }
        let counts = shares.share(maximum, among: queues.map { name in (name, names.count { $0 == name }) })
        var open = Dictionary(uniqueKeysWithValues: zip(queues, counts))
        var first: Deque<IncomingDelivery> = []
        var rest: Deque<IncomingDelivery> = []
        for (delivery, name) in zip(arrived, names) {
            if let count = open[name], count > 0 {
                open[name] = count - 1
                first.append(delivery)
            } else {
                rest.append(delivery)
            }
        }
        arrived = first + rest
    }

    mutating func popArrived() -> IncomingDelivery? { arrived.popFirst() }

    /// Takes those that came last and nobody has looked at, as many as are here beyond what is wanted.
    ///
    /// - Parameter isTaken: says of each whether it may go.
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

    /// Notes that so many have arrived there, or will not.
    mutating func endAside(_ count: Int) { asideCount -= count }

    /// Takes out what waits here of some queues, with or without an ETA.
    mutating func pop(where isTaken: (IncomingDelivery) -> Bool) -> [UInt64] {
        let entries = Array(scheduled.unordered)
        let leaving = entries.filter { isTaken($0.delivery) }
        if !leaving.isEmpty { scheduled = Heap(entries.filter { !isTaken($0.delivery) }) }
        let tags = arrived.filter(isTaken).map(\.tag)
        if !tags.isEmpty { arrived.removeAll(where: isTaken) }
        return tags + leaving.map(\.delivery.tag)
    }

    /// Takes out those that wait for their ETA and match.
    mutating func popScheduled(where matches: (Scheduled) -> Bool) -> [Scheduled] {
        let entries = Array(scheduled.unordered)
        let found = entries.filter(matches)
        if !found.isEmpty { scheduled = Heap(entries.filter { !matches($0) }) }
        return found
    }

    /// Notes a delivery that goes back unseen.
    mutating func pass(_ delivery: IncomingDelivery) { acknowledgements.add(delivery.tag) }

    /// Takes all that waits here, with or without an ETA.
    mutating func popAll() -> [UInt64] {
        let tags = arrived.map(\.tag) + scheduled.unordered.map(\.delivery.tag)
        arrived = []
        scheduled = []
        return tags
    }

    /// Notes that the worker has a delivery now.
    mutating func hand(_ entry: Scheduled) -> DeliveryHandle {
        lastNumber += 1
        handed[lastNumber] = Held(
            generation: generation, delivery: entry.delivery, attempt: entry.attempt, returns: entry.returns,
            crashes: entry.crashes, message: entry.message)
        handedCount += 1
        return DeliveryHandle(tag: lastNumber, attempt: entry.attempt)
    }

    /// What the worker had by this handle, if it still may settle it.
    func held(_ handle: DeliveryHandle) -> Held? {
        guard let entry = handed[handle.tag], entry.generation == generation, entry.attempt == handle.attempt else { return nil }
        return entry
    }

    /// The worker is done with it.
    /// - Returns: what it was, if the server still waits to hear of it.
    mutating func release(_ handle: DeliveryHandle) -> Held? {
        guard let entry = held(handle) else {
            if handed[handle.tag]?.generation != generation { handed[handle.tag] = nil }
            return nil
        }
        handed[handle.tag] = nil
        handedCount -= 1
        return entry
    }

    /// Takes all that is with the worker.
    mutating func releaseAll() -> [UInt64] {
        defer {
            handed = [:]
            handedCount = 0
        }
        return handed.values.filter { $0.generation == generation }.map(\.tag).sorted()
    }

    /// Marks deliveries as done with, in whatever way.
    mutating func settle(_ tags: [UInt64]) -> AcknowledgementQueue.Acknowledgements { acknowledgements.settle(tags) }
}
