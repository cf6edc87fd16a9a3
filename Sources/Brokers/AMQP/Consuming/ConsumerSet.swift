/// The consumers of a subscription when the server counts prefetched messages for each consumer separately.
///
/// A queue may have several consumers: adding one raises the queue's count, cancelling some lowers it. All queues
/// together should hold about as many messages as the worker wants. Each starts with one message; the rest goes to the queues
/// that use up their share. The first consumer of a queue stays while the queue is consumed, so no queue is ever left without one.
///
/// This value makes no calls; the subscription does.
struct ConsumerSet {
    struct Consumer: Equatable {
        var number: Int
        /// Position among the queues of the subscription.
        var queue: Int
        /// Unsettled messages the server may send to the consumer.
        var limit: Int
        /// Number of unsettled messages.
        var held = 0

        /// The consumer tag. A tag is never used twice on a connection.
        var tag: String { "\(number).\(queue)" }
    }

    /// The consumers to cancel and to add.
    struct Change: Equatable {
        var cancel: [Consumer] = []
        var add: [Consumer] = []
    }

    /// Active consumers, oldest first.
    private(set) var consumers: [Consumer] = []
    /// Number of the consumer of each unsettled delivery.
    private var origins: [UInt64: Int] = [:]
    /// Positions of the consumed queues.
    private var queues: [Int]
    /// Weights of queues whose weight is not 1.
    var weights: [Int: Int] = [:]
    private var lastNumber = 0
    private var lastWanted = 1

    init(queueCount: Int) { queues = Array(0..<queueCount) }

    /// The consumers of a new connection.
    ///
    /// - Parameter limit: Prefetch count of each consumer.
    mutating func begin(limit: Int = 1) -> [Consumer] {
        origins = [:]
        consumers = []
        for queue in queues { consumers.append(make(queue, limit)) }
        return consumers
    }

    /// Consumes exactly these queues from now on. Returns the changes to make, and records them as made.
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

    /// Whether a consumer with this tag is active. Deliveries for other tags were in flight when their consumers were cancelled.
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

    /// Returns the changes after which `wanted` messages are held in all, and records them as made.
    mutating func change(for wanted: Int) -> Change {
        var change = Change()
        let most = max(wanted, queues.count)
        // Queues that were idle when others got the count may fill up again.
        if wanted < lastWanted || origins.count > most * 3 / 2 { reduce(to: most, &change) }
        if origins.count >= wanted { share(wanted, &change) }
        raise(to: wanted, &change)
        lastWanted = wanted
        return change
    }

    private func weight(of queue: Int) -> Int { max(1, weights[queue] ?? 1) }

    private func limit(of queue: Int) -> Int { consumers.reduce(0) { $0 + ($1.queue == queue ? $1.limit : 0) } }

    /// Queues that hold as many messages as they may.
    private var fullQueues: [Int] {
        queues.filter { queue in consumers.allSatisfy { $0.queue != queue || $0.held >= $0.limit } }
    }

    /// Cancels the newest consumers until the counts sum to at most `most`.
    private mutating func reduce(to most: Int, _ change: inout Change) {
        var sum = consumers.reduce(0) { $0 + $1.limit }
        while sum > most, let index = consumers.indices.last(where: { !isFirst($0) }) {
            let last = consumers.remove(at: index)
            sum -= last.limit
            change.cancel.append(last)
        }
    }

    /// Whether no older consumer reads the same queue; such a consumer stays.
    private func isFirst(_ index: Int) -> Bool {
        let queue = consumers[index].queue
        return !consumers[..<index].contains { $0.queue == queue }
    }

    /// Lowers a queue far above its share when another queue could use more.
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

    /// Shares the free count among the full queues, those with the smallest limits first; other queues would not use it.
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
            // Add at least a quarter of the limit, or many small steps would make many consumers.
            let consumer = make(queue, max(1, part, limit / 4))
            consumers.append(consumer)
            change.add.append(consumer)
        }
    }
}
