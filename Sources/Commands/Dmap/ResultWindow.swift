/// Puts results into the order of their items.
///
/// Items enter in the order in which they were read; a result leaves when all before it have left. The number of items inside is
/// bounded by whoever lets them in.
struct ResultWindow: Sendable {
    private let isOrdered: Bool
    /// Numbers of items inside, in their order; those before `first` have left.
    private var order: [Int] = []
    private var first = 0
    private var held: [Int: PrintedItem] = [:]
    /// Items that will have no result.
    private var withdrawn: Set<Int> = []
    /// Bytes of held results.
    private(set) var heldBytes = 0

    init(isOrdered: Bool) { self.isOrdered = isOrdered }

    /// Items that entered and have not left.
    var count: Int { order.count - first }

    /// Lets an item in.
    mutating func enter(_ number: Int) { if isOrdered { order.append(number) } }

    /// Adds a result. Returns the results that leave now.
    mutating func add(_ item: PrintedItem) -> [PrintedItem] {
        guard isOrdered else { return [item] }
        held[item.number] = item
        heldBytes += item.output.count + item.errors.count
        return leave()
    }

    /// Removes an item that will have no result. Returns the results that leave now.
    mutating func remove(_ number: Int) -> [PrintedItem] {
        guard isOrdered else { return [] }
        withdrawn.insert(number)
        return leave()
    }

    /// The held results, in order, regardless of the gaps between them.
    mutating func drain() -> [PrintedItem] {
        let all = held.values.sorted { $0.number < $1.number }
        held = [:]
        heldBytes = 0
        return all
    }

    private mutating func leave() -> [PrintedItem] {
        var leaving: [PrintedItem] = []
        while first < order.count {
            if let item = held.removeValue(forKey: order[first]) {
                heldBytes -= item.output.count + item.errors.count
                leaving.append(item)
            } else if withdrawn.remove(order[first]) == nil {
                break
            }
            first += 1
        }
        // Remove those that have left, now and then.
        if first > 1_024, first * 2 > order.count {
            order.removeFirst(first)
            first = 0
        }
        return leaving
    }
}
