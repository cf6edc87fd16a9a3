import CeleryCore
import DequeModule

/// Shares a worker's capacity among its queues by weight, so that no queue with messages starves.
///
/// Start-time fair queueing: each message of a queue takes 1/weight of virtual time, and the queue whose turn begins first is
/// next. A queue that was empty starts at the current virtual time: it has neither saved up turns nor lost any. This value reads
/// no queue; the caller passes the counts.
struct QueueShares: Sendable {
    private let weights: [String: Int]
    /// Virtual time at which the next turn of each queue begins.
    private var next: [String: Double] = [:]
    /// Virtual time at which the last turn began.
    private var clock = 0.0

    /// - Parameter weights: Weights of queues whose weight is not 1; at least 1.
    init(weights: [String: Int] = [:]) { self.weights = weights }

    /// Returns how many messages to take from each queue.
    ///
    /// - Parameters:
    ///   - maximum: How many messages may be taken in all.
    ///   - waiting: Number of messages in each queue; counting may stop at `maximum`. Among equal turns the first queue wins.
    mutating func share(_ maximum: Int, among waiting: [(queue: String, count: Int)]) -> [Int] {
        var shares = waiting.map { _ in 0 }
        let total = waiting.reduce(0) { $0 + $1.count }
        var starts = waiting.map { max(clock, next[$0.queue] ?? 0) }
        let steps = waiting.map { 1 / Double(max(1, weights[$0.queue] ?? 1)) }
        for _ in 0..<min(maximum, total) {
            var best: Int?
            for index in waiting.indices where shares[index] < waiting[index].count {
                if best.map({ starts[index] < starts[$0] }) ?? true { best = index }
            }
            guard let best else { break }
            shares[best] += 1
            clock = starts[best]
            starts[best] += steps[best]
        }
        for index in waiting.indices where shares[index] > 0 { next[waiting[index].queue] = starts[index] }
        // Queues whose turn is long over start at the current time anyway.
        if next.count > 1_000 { next = next.filter { $0.value > clock } }
        return shares
    }

    /// Moves what comes next by weight to the front, when not all can be taken.
    ///
    /// - Parameters:
    ///   - arrived: In the order of its arrival, which stays for each queue.
    ///   - maximum: How many can be taken.
    ///   - queue: Returns the queue of a delivery.
    mutating func arrange<Arrived>(_ arrived: inout Deque<Arrived>, for maximum: Int, by queue: (Arrived) -> String) {
        guard arrived.count > maximum else { return }
        let names = arrived.map(queue)
        let queues = names.distinct
        guard queues.count > 1 else { return }
        let counts = share(maximum, among: queues.map { name in (name, names.count { $0 == name }) })
        var open = Dictionary(uniqueKeysWithValues: zip(queues, counts))
        var first: Deque<Arrived> = []
        var rest: Deque<Arrived> = []
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
}
