/// The consumers of a subscription at a server that counts the prefetched messages of each by itself.
///
/// Several may share a queue, so the count of a queue is raised by one more consumer, and lowered by cancelling some.
/// All queues together are to hold what the worker wants, more or less: each begins with one message, and the rest
/// goes to those that use up what they have. The first consumer of a queue stays, so that no queue is ever left alone.
/// A value that makes no calls: the subscription makes those.
struct ConsumerSet {
    struct Consumer: Equatable {
        var number: Int
        /// Position among the queues of the subscription.
        var queue: Int
        /// Messages the server may send to it before the first is settled.
        var limit: Int
        /// How many of them are not settled.
        var held = 0
        /// Stays as long as its queue is taken from.
        var isFirst = false

        /// How the server knows it. A name is never used twice on a connection.
        var tag: String { "\(number).\(queue)" }
    }

    /// What to do to have the counts right.
    struct Change: Equatable {
        var cancel: [Consumer] = []
        var add: [Consumer] = []
    }

    /// Those that are not cancelled, the oldest first.
    private(set) var consumers: [Consumer] = []
    /// Where each delivery that is not settled came from.
    private var origins: [UInt64: Int] = [:]
    private var queueCount: Int
    /// Queues that are taken from no more. Their numbers are not given to others, for they are in the names of consumers.
    private var closed: Set<Int> = []
    /// The queues that are taken from.
    private var open: [Int] { (0..<queueCount).filter { !closed.contains($0) } }
    private var lastNumber = 0
    private var lastWanted = 1

    init(queueCount: Int) { self.queueCount = queueCount }

    /// The consumers of a new connection.
    ///
    /// - Parameter limit: For each.
    mutating func begin(limit: Int = 1) -> [Consumer] {
        origins = [:]
        consumers = []
        for queue in open { consumers.append(make(queue, limit, isFirst: true)) }
        return consumers
    }

    /// Takes one queue more, the next in number, or one that was closed.
    ///
    /// - Returns: its consumer.
    mutating func add(_ queue: Int) -> Consumer {
        queueCount = max(queueCount, queue + 1)
        closed.remove(queue)
        let consumer = make(queue, 1, isFirst: true)
        // Among the first ones.
        let place = consumers.firstIndex { !$0.isFirst } ?? consumers.endIndex
        consumers.insert(consumer, at: place)
        return consumer
    }

    /// Ends one queue.
    ///
    /// - Returns: its consumers.
    mutating func close(_ queue: Int) -> [Consumer] {
        closed.insert(queue)
        let ended = consumers.filter { $0.queue == queue }
        consumers.removeAll { $0.queue == queue }
        return ended
    }

    private mutating func make(_ queue: Int, _ limit: Int, isFirst: Bool = false) -> Consumer {
        lastNumber += 1
        return Consumer(number: lastNumber, queue: queue, limit: limit, isFirst: isFirst)
    }

    /// Whether a consumer of this name is among them; deliveries of others were on their way when those were cancelled.
    func contains(_ tag: String) -> Bool { consumers.contains { $0.tag == tag } }

    mutating func delivered(_ tag: UInt64, to consumer: String) {
        guard let index = consumers.firstIndex(where: { $0.tag == consumer }) else {
            origins[tag] = 0
            return
        }
        origins[tag] = consumers[index].number
        consumers[index].held += 1
    }

    mutating func settled(_ tags: [UInt64]) {
        for tag in tags {
            guard let number = origins.removeValue(forKey: tag) else { continue }
            if let index = consumers.firstIndex(where: { $0.number == number }) { consumers[index].held -= 1 }
        }
    }

    /// What is to change so that `wanted` messages are held in all, and notes it as done.
    mutating func change(for wanted: Int) -> Change {
        var change = Change()
        let most = max(wanted, open.count)
        // Queues that were idle when others got the count may bring as much again.
        if wanted < lastWanted || origins.count > most * 3 / 2 { reduce(to: most, &change) }
        if origins.count >= wanted { share(wanted, &change) }
        raise(to: wanted, &change)
        lastWanted = wanted
        return change
    }

    private func limit(of queue: Int) -> Int { consumers.reduce(0) { $0 + ($1.queue == queue ? $1.limit : 0) } }

    /// Those that would hold more if they might.
    private var fullQueues: [Int] {
        open.filter { queue in consumers.allSatisfy { $0.queue != queue || $0.held >= $0.limit } }
    }

    /// Cancels the newest until the counts are no more than that.
    private mutating func reduce(to most: Int, _ change: inout Change) {
        var sum = consumers.reduce(0) { $0 + $1.limit }
        // The first of each queue come first, and stay.
        while sum > most, let last = consumers.last, !last.isFirst {
            consumers.removeLast()
            sum -= last.limit
            change.cancel.append(last)
        }
    }

    /// Takes from a queue that has much more than its part, when another could use more than it has.
    private mutating func share(_ wanted: Int, _ change: inout Change) {
        let full = fullQueues
        guard full.count > 1 || (full.count == 1 && open.count > 1) else { return }
        let busy = open.count { queue in consumers.contains { $0.queue == queue && $0.held > 0 } }
        let part = wanted / max(1, busy)
        guard full.contains(where: { limit(of: $0) * 2 < part }) else { return }
        for queue in open where limit(of: queue) > part * 3 / 2 {
            while limit(of: queue) > part, let index = consumers.lastIndex(where: { $0.queue == queue && !$0.isFirst }) {
                change.cancel.append(consumers.remove(at: index))
            }
        }
    }

    /// Gives what is left to the queues that have all they may, those with the least first: others would not use it.
    private mutating func raise(to wanted: Int, _ change: inout Change) {
        let free = wanted - origins.count
        guard free > 0 else { return }
        let poorest = fullQueues.map { ($0, limit(of: $0)) }.sorted { $0.1 < $1.1 }.prefix(free)
        for (index, (queue, limit)) in poorest.enumerated() {
            let part = free / poorest.count + (index < free % poorest.count ? 1 : 0)
            // At least a quarter more, or many small steps would make as many consumers.
            let consumer = make(queue, max(part, limit / 4))
            consumers.append(consumer)
            change.add.append(consumer)
        }
    }
}
