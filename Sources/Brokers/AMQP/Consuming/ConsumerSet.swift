/// The consumers of a subscription at a server that counts the prefetched messages of each by itself.
///
/// Several may share a queue, so the count of a queue is raised by one more consumer, and lowered by cancelling some.
/// All queues together are to hold what the worker wants, more or less: each begins with one message, and the rest
/// goes to those that use up what they have. The first consumer of a queue stays while the queue is taken from, so that none is
/// ever left alone.
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
    /// The queues that are taken from.
    private var queues: [Int]
    /// Of queues that have another weight than 1: how their parts of the count compare.
    var weights: [Int: Int] = [:]
    private var lastNumber = 0
    private var lastWanted = 1

    init(queueCount: Int) { queues = Array(0..<queueCount) }

    /// The consumers of a new connection.
    ///
    /// - Parameter limit: For each.
    mutating func begin(limit: Int = 1) -> [Consumer] {
        origins = [:]
        consumers = []
        for queue in queues { consumers.append(make(queue, limit)) }
        return consumers
    }

    /// Takes from these queues from now on. What is to change for that is noted as done.
    mutating func select(_ queues: [Int], limit: Int = 1) -> Change {
        var change = Change()
        change.cancel = consumers.filter { !queues.contains($0.queue) }
        consumers.removeAll { !queues.contains($0.queue) }
        for queue in queues where !self.queues.contains(queue) {
            let consumer = make(queue, limit)
            consumers.append(consumer)
            change.add.append(consumer)
        }
        self.queues = queues
        return change
    }

    private mutating func make(_ queue: Int, _ limit: Int) -> Consumer {
        lastNumber += 1
        return Consumer(number: lastNumber, queue: queue, limit: limit)
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
        let most = max(wanted, queues.count)
        // Queues that were idle when others got the count may bring as much again.
        if wanted < lastWanted || origins.count > most * 3 / 2 { reduce(to: most, &change) }
        if origins.count >= wanted { share(wanted, &change) }
        raise(to: wanted, &change)
        lastWanted = wanted
        return change
    }

    private func weight(of queue: Int) -> Int { max(1, weights[queue] ?? 1) }

    private func limit(of queue: Int) -> Int { consumers.reduce(0) { $0 + ($1.queue == queue ? $1.limit : 0) } }

    /// Those that would hold more if they might.
    private var fullQueues: [Int] {
        queues.filter { queue in consumers.allSatisfy { $0.queue != queue || $0.held >= $0.limit } }
    }

    /// Cancels the newest until the counts are no more than that.
    private mutating func reduce(to most: Int, _ change: inout Change) {
        var sum = consumers.reduce(0) { $0 + $1.limit }
        while sum > most, let index = consumers.indices.last(where: { !isFirst($0) }) {
            let last = consumers.remove(at: index)
            sum -= last.limit
            change.cancel.append(last)
        }
    }

    /// Whether no older one takes from the same queue; those stay.
    private func isFirst(_ index: Int) -> Bool {
        let queue = consumers[index].queue
        return !consumers[..<index].contains { $0.queue == queue }
    }

    /// Takes from a queue that has much more than its part, when another could use more than it has.
    private mutating func share(_ wanted: Int, _ change: inout Change) {
        let full = fullQueues
        guard full.count > 1 || (full.count == 1 && queues.count > 1) else { return }
        let busy = queues.filter { queue in consumers.contains { $0.queue == queue && $0.held > 0 } }
        let sum = max(1, busy.reduce(0) { $0 + weight(of: $1) })
        func part(_ queue: Int) -> Int { wanted * weight(of: queue) / sum }
        guard full.contains(where: { limit(of: $0) * 2 < part($0) }) else { return }
        for queue in queues where limit(of: queue) > part(queue) * 3 / 2 {
            while limit(of: queue) > part(queue), let index = consumers.lastIndex(where: { $0.queue == queue }), !isFirst(index) {
                change.cancel.append(consumers.remove(at: index))
            }
        }
    }

    /// Gives what is left to the queues that have all they may, those with the least first: others would not use it.
    private mutating func raise(to wanted: Int, _ change: inout Change) {
        let free = wanted - origins.count
        guard free > 0 else { return }
        let poorest = fullQueues.map { ($0, limit(of: $0)) }
            .sorted { $0.1 * weight(of: $1.0) < $1.1 * weight(of: $0.0) }.prefix(free)
        let sum = max(1, poorest.reduce(0) { $0 + weight(of: $1.0) })
        let parts = poorest.map { free * weight(of: $0.0) / sum }
        let left = free - parts.reduce(0, +)
        for (index, (queue, limit)) in poorest.enumerated() {
            let part = parts[index] + (index < left ? 1 : 0)
            // At least a quarter more, or many small steps would make as many consumers.
            let consumer = make(queue, max(1, part, limit / 4))
            consumers.append(consumer)
            change.add.append(consumer)
        }
    }
}
