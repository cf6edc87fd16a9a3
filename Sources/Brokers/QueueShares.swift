/// Shares what a worker takes among its queues by their weights, so that none that has messages is left waiting.
///
/// Start-time fair queueing: each message of a queue takes one over its weight of virtual time, and the queue whose
/// turn begins first is next. A queue that was empty starts from where the others are: it has neither saved up turns
/// nor lost any. A value that reads nothing: whoever takes tells it what there is.
struct QueueShares: Sendable {
    private let weights: [String: Int]
    /// When the next turn of each queue begins, in virtual time.
    private var next: [String: Double] = [:]
    /// The virtual time: when the last turn began.
    private var clock = 0.0

    /// - Parameter weights: Of queues that have another than 1; not below 1.
    init(weights: [String: Int] = [:]) { self.weights = weights }

    /// How many to take of each queue.
    ///
    /// - Parameters:
    ///   - maximum: How many there is room for.
    ///   - waiting: How many of each there are; more than `maximum` need not be counted. The first named comes first when
    ///     turns begin together.
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
        // Those whose turn is over long since begin anew anyway.
        if next.count > 1_000 { next = next.filter { $0.value > clock } }
        return shares
    }
}
