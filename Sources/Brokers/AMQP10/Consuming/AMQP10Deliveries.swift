import CeleryCore
import DequeModule
import HeapModule
import Proton

/// The deliveries of a subscription: waiting, held until their ETA, moving elsewhere, or with the worker. The consumer guards this
/// value with a lock.
///
/// There is one receiver for each queue, and its credit follows the demand of the worker: so no message waits here that another
/// worker could start, but for those of several queues, of which the shares of the queues choose.
struct AMQP10Deliveries: PushedDeliveries {
    struct Arrived: PushedMessage {
        var message: ProtonMessage
        /// What is wrong with the bytes that came; then the message is what could be read.
        var fault: String?
        var queue: String
        /// What to settle; `nil` if the server has forgotten the message already.
        var delivery: Int64?
        var isForgotten: Bool { delivery == nil }
    }

    private(set) var arrived: Deque<Arrived> = []
    /// The queues that the worker takes from, in the order they were named.
    private(set) var queues: [String]
    var book = DeliveryBook<Arrived>()
    /// Queue -> the number of its receiver.
    private var receivers: [String: Int] = [:]
    private(set) var wanted = 1
    private(set) var server = ProtonServer(properties: .null)
    private var lastReceiver = 0
    var shares = QueueShares()
    var isEnding = false

    init(queues: [String] = []) { self.queues = queues }

    private static let mostWanted = 30_000
    /// Approximate limit of messages taken to be delayed elsewhere, or held until their time.
    private static let mostHeld = 20_000

    // MARK: Demand

    /// Starts a new connection: the server delivers everything of the last one again, but for what it has forgotten.
    ///
    /// - Returns: What to ask for.
    mutating func begin(_ server: ProtonServer, generation: Int, _ node: (String) -> ProtonNode) -> [ProtonOrder] {
        reset()
        book.begin(generation: generation)
        self.server = server
        return isEnding ? [] : queues.map { receive($0, node) }
    }

    private mutating func receive(_ queue: String, _ node: (String) -> ProtonNode) -> ProtonOrder {
        lastReceiver += 1
        receivers[queue] = lastReceiver
        return .receive(lastReceiver, from: node(queue), credit: credit(of: queue))
    }

    /// Forgets the deliveries of a lost connection.
    mutating func reset() {
        book.begin(generation: -1)
        // What the server has forgotten is here alone.
        arrived.removeAll { !$0.isForgotten }
        receivers = [:]
    }

    /// Notes that the worker can take `space` more deliveries than it has.
    ///
    /// - Returns: What to tell the server.
    mutating func want(_ space: Int) -> [ProtonOrder] {
        guard !isEnding else { return [] }
        wanted = min(Self.mostWanted, max(0, space))
        return credits()
    }

    /// Gives each queue credit for one message at least, if nothing of it has come.
    ///
    /// - Returns: What lets all come that can, and what restores the demand afterwards.
    mutating func drain() -> (before: [ProtonOrder], after: [ProtonOrder]) {
        guard !isEnding, arrived.isEmpty else { return ([], []) }
        wanted = max(1, wanted)
        let numbers = queues.compactMap { receivers[$0] }
        return (credits() + numbers.map { .drain($0) }, credits())
    }

    /// What has the server count the queues.
    mutating func count(_ node: (String) -> ProtonNode) -> [ProtonOrder] {
        queues.map { queue in
            lastReceiver += 1
            return .count(lastReceiver, of: node(queue))
        }
    }

    private func credits() -> [ProtonOrder] {
        queues.compactMap { queue in receivers[queue].map { .credit($0, credit(of: queue)) } }
    }

    private func credit(of queue: String) -> Int {
        guard !isEnding, scheduled.count + book.asideCount < Self.mostHeld else { return 0 }
        return max(0, wanted - arrived.count { $0.queue == queue })
    }

    /// Takes no more from now on.
    ///
    /// - Returns: What to tell the server, and what came and was not read.
    mutating func endPushing() -> (orders: [ProtonOrder], unread: [Arrived]) {
        isEnding = true
        defer { arrived = [] }
        return (credits(), Array(arrived))
    }

    /// A receiver that gets no credit: a server that has accepted it has read all that it was told before.
    mutating func receiveNothing(_ node: (String) -> ProtonNode) -> [ProtonOrder] {
        queues.prefix(1).map { queue in
            lastReceiver += 1
            return .receive(lastReceiver, from: node(queue), credit: 0)
        }
    }

    /// Takes from exactly these queues from now on.
    ///
    /// - Returns: What to tell the server, and what came from other queues and was not read. Receivers of queues that are left stay,
    ///   without credit, for the messages that the worker has.
    mutating func take(from queues: [String], _ node: (String) -> ProtonNode) -> (orders: [ProtonOrder], unread: [Arrived]) {
        let left = self.queues.filter { !queues.contains($0) }
        self.queues = queues
        guard !isEnding, generation >= 0 else { return ([], []) }
        var orders = left.compactMap { queue in receivers[queue].map { ProtonOrder.credit($0, 0) } }
        for queue in queues where receivers[queue] == nil { orders.append(receive(queue, node)) }
        let unread = arrived.filter { left.contains($0.queue) }
        arrived.removeAll { left.contains($0.queue) }
        return (orders + credits(), Array(unread))
    }

    // MARK: Deliveries

    /// - Returns: What to give back at once: it is of a queue that was left, or came after the end.
    mutating func add(_ arrival: ProtonArrival) -> Arrived? {
        guard let queue = receivers.first(where: { $0.value == arrival.receiver })?.key else { return nil }
        var new = Arrived(message: ProtonMessage(), queue: queue, delivery: arrival.delivery)
        do throws(ProtonDecoder.Fault) { new.message = try ProtonMessage(decoding: arrival.bytes) } catch {
            new.fault = "\(error)"
            new.message.body = arrival.bytes
        }
        guard !isEnding, queues.contains(queue) else { return new }
        arrived.append(new)
        return nil
    }

    /// Moves the deliveries that come next by queue weight to the front, when not all can be taken.
    mutating func arrange(_ maximum: Int) { shares.arrange(&arrived, for: maximum) { $0.queue } }

    /// What this worker has: with it, held until its time, and not read.
    var count: Int { arrived.count + book.count }

    mutating func popArrived() -> Arrived? { arrived.popFirst() }

    /// When the first of those held has been here for too long; `nil` for never.
    var nextRenewal: ContinuousClock.Instant? {
        guard let longest = server.longestHold else { return nil }
        return scheduled.unordered.lazy.map(\.since).min().map { $0 + longest }
    }

    /// Takes out what is held here for too long, to be put back as new messages.
    mutating func popOverdue() -> [Entry] {
        let now = ContinuousClock.now
        guard let next = nextRenewal, next <= now, let longest = server.longestHold else { return [] }
        return book.popScheduled { $0.since + longest <= now }
    }

    /// Takes out what is held until its time, to be put back as new messages.
    mutating func popScheduled() -> [Entry] { book.popScheduled { _ in true }.sorted { $0.number < $1.number } }

    /// Takes out all that the server has forgotten, to be sent again.
    mutating func popForgotten() -> (entries: [Entry], unread: [Arrived]) {
        let unread = arrived.filter(\.isForgotten)
        arrived.removeAll(where: \.isForgotten)
        return (book.popForgotten(), Array(unread))
    }
}
