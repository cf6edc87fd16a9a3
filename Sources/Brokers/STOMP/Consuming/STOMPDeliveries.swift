import CeleryCore
import DequeModule
import HeapModule
import STOMP

/// The deliveries of a subscription: waiting, held until their ETA, moving elsewhere, or with the worker; and the subscriptions by which
/// they came. The consumer guards this value with a lock.
///
/// A server delivers a fixed number of messages by a subscription before they are acknowledged. As the demand of a worker changes,
/// each queue has several, of an eighth of the demand or less: more are added, and one that is not needed ends when the worker has none of its
/// messages.
struct STOMPDeliveries: PushedDeliveries {
    private(set) var arrived: Deque<Arrived> = []
    /// What came by subscriptions that are leaving: the worker does not take it, and it returns with their end.
    private var stranded: [Arrived] = []
    /// The queues that the worker takes from, in the order they were named.
    private(set) var queues: [String]
    var book = DeliveryBook<Arrived>()
    private(set) var subscriptions: [String: Subscription] = [:]
    private(set) var wanted = 1
    private(set) var server = STOMPServer(header: nil)
    private var lastSubscription = 0
    var shares = QueueShares()
    var isEnding = false

    init(queues: [String] = []) { self.queues = queues }

    /// Approximate limit of messages taken to be delayed elsewhere, while that cannot be done.
    private static let mostAside = 1_000
    private static let mostWanted = 30_000

    // MARK: Demand

    /// Starts a new connection: the server delivers everything of the last one again.
    mutating func begin(_ server: STOMPServer, generation: Int) {
        reset()
        book.begin(generation: generation)
        self.server = server
    }

    /// Forgets the deliveries of a lost connection.
    mutating func reset() {
        book.begin(generation: -1)
        arrived = []
        stranded = []
        subscriptions = [:]
    }

    /// Notes that the worker can take `space` more deliveries than it has, and adds the subscriptions that this needs.
    ///
    /// - Returns: The subscriptions that can end because the worker takes less than before, and those to be made.
    mutating func want(_ space: Int) -> (gone: [String], new: [Subscription]) {
        guard !isEnding else { return ([], []) }
        let waiting = scheduled.count + min(book.asideCount, Self.mostAside)
        wanted = min(Self.mostWanted, max(1, book.handedCount + waiting + max(0, space)))
        return (waiting > 0 ? [] : endSurplus(), addMissing(waiting))
    }

    /// Ends subscriptions of which the worker has nothing, when there are far more than it needs: what came by them is for others.
    private mutating func endSurplus() -> [String] {
        guard server.unsubscribesAtOnce else { return [] }
        var leaving: [String] = []
        for queue in queues {
            let all = subscriptions.values.filter { $0.queue == queue && !$0.isLeaving }
            var size = all.reduce(0) { $0 + $1.size }
            // Small changes are not worth a message that is delivered twice.
            guard size > wanted + wanted / 3 else { continue }
            for idle in all where idle.heldCount == 0 && size - idle.size >= wanted {
                leaving.append(idle.id)
                size -= idle.size
            }
        }
        guard !leaving.isEmpty else { return [] }
        for id in leaving { subscriptions[id]?.isLeaving = true }
        strand()
        return leave(leaving)
    }

    private mutating func addMissing(_ waiting: Int) -> [Subscription] {
        guard generation >= 0 else { return [] }
        let step = min(server.largestSubscription, max(1, (wanted + 7) / 8))
        var new: [Subscription] = []
        for queue in queues {
            let size = subscriptions.values.reduce(0) { $0 + ($1.queue == queue && !$1.isLeaving ? $1.size : 0) }
            var missing = wanted - size
            guard missing > 0 else { continue }
            // What waits for its time comes by and by: not each message needs a subscription of its own.
            if waiting > 0 { missing = max(missing, size / 2) }
            while missing > 0 {
                lastSubscription += 1
                let subscription = Subscription(id: "s\(lastSubscription)", queue: queue, size: min(step, missing))
                subscriptions[subscription.id] = subscription
                new.append(subscription)
                missing -= subscription.size
            }
        }
        return new
    }

    /// Takes no more from now on.
    ///
    /// - Returns: The subscriptions that can end at once.
    mutating func endPushing() -> [String] {
        isEnding = true
        for id in subscriptions.keys { subscriptions[id]?.isLeaving = true }
        strand()
        return leave(subscriptions.keys.sorted())
    }

    /// Takes from exactly these queues from now on.
    ///
    /// - Returns: The subscriptions that can end at once, and those to be made.
    mutating func take(from queues: [String]) -> (gone: [String], new: [Subscription]) {
        self.queues = queues
        guard !isEnding else { return ([], []) }
        for (id, subscription) in subscriptions { subscriptions[id]?.isLeaving = !queues.contains(subscription.queue) }
        strand()
        return (leave(subscriptions.keys.sorted()), addMissing(0))
    }

    /// Sorts what has come: what is of a subscription that is leaving is not for the worker.
    private mutating func strand() {
        let all = stranded + arrived
        func isLeaving(_ each: Arrived) -> Bool { subscriptions[each.subscription]?.isLeaving ?? true }
        stranded = all.filter(isLeaving)
        arrived = Deque(all.filter { !isLeaving($0) })
    }

    /// Ends those subscriptions that are leaving and have no message with the worker. What of them was not read returns to its queue.
    private mutating func leave(_ ids: [String]) -> [String] {
        guard server.unsubscribesAtOnce else { return [] }
        let gone = ids.filter { id in subscriptions[id].map { $0.isLeaving && $0.heldCount == 0 } ?? false }
        guard !gone.isEmpty else { return [] }
        for id in gone { subscriptions[id] = nil }
        stranded.removeAll { gone.contains($0.subscription) }
        return gone
    }

    // MARK: Deliveries

    mutating func add(_ frame: STOMPFrame) {
        // By a subscription that has ended meanwhile: it returns to its queue.
        guard let id = frame["subscription"], let subscription = subscriptions[id] else { return }
        let new = Arrived(frame: frame, subscription: id, queue: subscription.queue)
        if subscription.isLeaving { stranded.append(new) } else { arrived.append(new) }
    }

    /// Moves the deliveries that come next by queue weight to the front, when not all can be taken.
    mutating func arrange(_ maximum: Int) { shares.arrange(&arrived, for: maximum) { $0.queue } }

    mutating func popArrived() -> Arrived? {
        guard let first = arrived.popFirst() else { return nil }
        subscriptions[first.subscription]?.heldCount += 1
        return first
    }

    /// Takes out what was not read, to be given back. What returned often stays until the connection ends: a quorum queue counts
    /// returns, and gives up a message after some.
    mutating func popUnread() -> [Arrived] {
        let unread = stranded + arrived
        func isWorn(_ each: Arrived) -> Bool { STOMPEnvelope.returns(of: each.frame) >= AttemptHeader.manyReturns }
        (arrived, stranded) = ([], unread.filter(isWorn))
        return unread.filter { !isWorn($0) }
    }

    /// Hands over what came by subscriptions that are leaving and cannot end yet, as if the worker had taken it. What cannot be read
    /// stays, and returns as it came with the end of its subscription.
    ///
    /// - Parameter read: Reads a delivery, which gets the number.
    mutating func handStranded(_ read: (Arrived, _ number: Int64) -> Entry) -> [DeliveryHandle] {
        let entries = stranded.map { read($0, book.nextNumber()) }
        stranded = entries.filter { $0.defect != nil }.map(\.arrived)
        return entries.filter { $0.defect == nil }.map { entry in
            subscriptions[entry.arrived.subscription]?.heldCount += 1
            return book.hand(entry).handle
        }
    }

    /// Notes that deliveries got to where they wait without a worker, or could not, and are held here.
    ///
    /// - Returns: The subscriptions that end with them.
    mutating func endAside(_ entries: [Entry], keeping: Bool, generation: Int) -> [String] {
        let isOurs = book.endAside(entries.count, scheduling: keeping ? entries : [], generation: generation)
        return isOurs && !keeping ? end(entries.map(\.arrived.subscription)) : []
    }

    /// Notes that messages of these subscriptions have ended.
    ///
    /// - Returns: The subscriptions that end with them.
    mutating func end(_ ids: [String]) -> [String] {
        for id in ids { subscriptions[id]?.heldCount -= 1 }
        return leave(ids.distinct)
    }
}
