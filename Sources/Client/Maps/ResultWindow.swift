/// Puts results into the order of their items.
///
/// Items enter in the order in which they were read; a result leaves when all before it have left. The number of items inside is
/// bounded by whoever lets them in.
package struct ResultWindow<Item: WindowItem>: Sendable {
    private let isOrdered: Bool
    /// Numbers of items inside, in their order; those before `first` have left.
    private var order: [Int] = []
    private var first = 0
    private var held: [Int: Item] = [:]
    /// Items that will have no result.
    private var withdrawn: Set<Int> = []
    /// Bytes of held results.
    package private(set) var heldBytes = 0

    package init(isOrdered: Bool) { self.isOrdered = isOrdered }

    /// Items that entered and have not left.
    package var count: Int { order.count - first }

    /// Lets an item in.
    package mutating func enter(_ number: Int) { if isOrdered { order.append(number) } }

    /// Adds a result. Returns the results that leave now.
    package mutating func add(_ item: Item) -> [Item] {
        guard isOrdered else { return [item] }
        held[item.number] = item
        heldBytes += item.byteCount
        return leave()
    }

    /// Removes an item that will have no result. Returns the results that leave now.
    package mutating func remove(_ number: Int) -> [Item] {
        guard isOrdered else { return [] }
        withdrawn.insert(number)
        return leave()
    }

    /// The held results, in order, regardless of the gaps between them.
    package mutating func drain() -> [Item] {
        let all = held.values.sorted { $0.number < $1.number }
        held = [:]
        heldBytes = 0
        return all
    }

    private mutating func leave() -> [Item] {
        var leaving: [Item] = []
        while first < order.count {
            if let item = held.removeValue(forKey: order[first]) {
                heldBytes -= item.byteCount
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

/// What goes through a `ResultWindow`.
package protocol WindowItem: Sendable {
    /// The number of the item.
    var number: Int { get }
    /// The memory that it takes, roughly.
    var byteCount: Int { get }
}
