/// Whose turn it is among the queues of a worker.
///
/// A queue may deliver as many messages in a row as its weight says; then the next has its turn. The server goes on with the turns
/// within one taking; this value remembers them between two.
struct QueueTurns: Sendable {
    /// A queue as the server is asked to serve it.
    struct Turn: Equatable, Sendable {
        var queue: String
        /// How many messages in a row.
        var weight: Int
        /// How many in its first turn: what it has left of an earlier one.
        var first: Int
    }

    private let order: RedisBrokerOptions.QueueOrder
    private let weights: [String: Int]
    /// The queue whose turn it is, and what it has left of it.
    private var current: (queue: String, left: Int)?

    /// More than anybody takes at once.
    private static let any = 1 << 30

    /// - Parameter weights: Weights of queues whose weight is not 1.
    init(_ order: RedisBrokerOptions.QueueOrder = .roundRobin, weights: [String: Int] = [:]) {
        (self.order, self.weights) = (order, weights)
    }

    private func weight(_ queue: String) -> Int { max(1, weights[queue] ?? 1) }

    /// The queues in the order in which to serve them.
    func turns(_ queues: [String]) -> [Turn] {
        switch order {
        case .sorted: return queues.sorted().map { Turn(queue: $0, weight: Self.any, first: Self.any) }
        case .priority: return queues.map { Turn(queue: $0, weight: Self.any, first: Self.any) }
        case .roundRobin: break
        }
        let start = current.flatMap { queues.firstIndex(of: $0.queue) } ?? 0
        return (queues[start...] + queues[..<start]).map { queue in
            let left = current.map { $0.queue == queue ? $0.left : weight(queue) } ?? weight(queue)
            return Turn(queue: queue, weight: weight(queue), first: left)
        }
    }

    /// Notes what was delivered.
    ///
    /// - Parameters:
    ///   - taken: The queue of each message, in order.
    ///   - queues: All that were asked for.
    mutating func note(_ taken: [String], of queues: [String]) {
        guard order == .roundRobin, let last = taken.last, let index = queues.firstIndex(of: last) else { return }
        let run = taken.reversed().prefix { $0 == last }.count
        // A run over the whole taking may have begun with what was left of an earlier turn.
        let earlier = run == taken.count ? current.map { $0.queue == last ? weight(last) - $0.left : 0 } ?? 0 : 0
        let used = (earlier + run - 1) % weight(last) + 1
        let left = weight(last) - used
        let next = queues[(index + 1) % queues.count]
        current = left > 0 ? (last, left) : (next, weight(next))
    }
}
