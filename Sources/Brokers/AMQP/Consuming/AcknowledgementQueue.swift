import DequeModule

/// Works out the fewest acknowledgements for deliveries that end in any order.
struct AcknowledgementQueue {
    /// What to send.
    struct Acknowledgements: Equatable {
        /// Acknowledges every delivery up to this one.
        var upTo: UInt64?
        var singles: [UInt64] = []
    }

    /// Whether each delivery since `first` is done with. Tags of a channel follow one another.
    private var done: Deque<Bool> = []
    private var first: UInt64 = 1
    /// How many are not done with.
    private(set) var openCount = 0

    mutating func add(_ tag: UInt64) {
        if done.isEmpty { first = tag }
        done.append(false)
        openCount += 1
    }

    /// Those before the first unfinished one are acknowledged together, the others one by one.
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
        // One of these, for the server closes the channel on a tag it has had already.
        result.upTo = marked.filter { $0 < first }.max()
        return result
    }
}
