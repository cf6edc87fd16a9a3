import DequeModule

/// Computes the fewest acknowledgements for deliveries that end in any order.
struct AcknowledgementQueue {
    struct Acknowledgements: Equatable {
        /// Acknowledges every delivery up to this one.
        var upTo: UInt64?
        var singles: [UInt64] = []
    }

    /// Whether each delivery since `first` is settled. The tags of a channel are consecutive.
    private var done: Deque<Bool> = []
    private var first: UInt64 = 1
    /// Number of unsettled deliveries.
    private(set) var openCount = 0

    mutating func add(_ tag: UInt64) {
        if done.isEmpty { first = tag }
        done.append(false)
        openCount += 1
    }

    /// Deliveries before the first unsettled one are acknowledged together, the others one by one.
    mutating func settle(_ tags: [UInt64]) -> Acknowledgements {
        var marked: [UInt64] = []
        for tag in tags where tag >= first {
            let index = Int(tag - first)
            guard index < done.count, !done[index] else { continue }
            done[index] = true
            marked.append(tag)
        }
        openCount -= marked.count
        while done.first == true {
            done.removeFirst()
            first += 1
        }
        var result = Acknowledgements()
        result.singles = marked.filter { $0 >= first }
        // Use only a newly marked tag: the server closes the channel when a tag is acknowledged twice.
        result.upTo = marked.filter { $0 < first }.max()
        return result
    }
}
