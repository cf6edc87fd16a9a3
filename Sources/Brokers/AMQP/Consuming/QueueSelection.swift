import CeleryCore

/// The queues of a subscription: those it has ever taken from, and those it takes from now.
///
/// A delivery names its queue by its position here, so that none is ever removed. A value: `Inbox` keeps it under a lock.
struct QueueSelection: Equatable {
    /// In the order they were first named.
    private(set) var names: [String]
    /// Positions of those the worker wants.
    private(set) var wanted: [Int]
    /// Positions of those that nothing is taken from for a while, though they are wanted.
    private(set) var paused: Set<Int> = []

    /// Nothing is taken any more: the worker is about to end.
    var isEnding = false

    init(_ queues: [String]) {
        names = queues.distinct
        wanted = Array(names.indices)
    }

    /// Positions of those that are taken from.
    var open: [Int] { isEnding ? [] : wanted.filter { !paused.contains($0) } }

    /// Names of those the worker wants.
    var wantedNames: [String] { wanted.map { names[$0] } }

    /// Names of those that are taken from.
    var openNames: [String] { open.map { names[$0] } }

    mutating func want(_ queues: [String]) {
        for queue in queues where !names.contains(queue) { names.append(queue) }
        wanted = queues.distinct.compactMap(names.firstIndex)
        // A pause is of a name; whoever knows of it says so again.
        paused.formIntersection(wanted)
    }

    /// Takes nothing of these names for a while; the others are resumed.
    mutating func pause(_ queues: Set<String>) {
        paused = Set(wanted.filter { queues.contains(names[$0]) })
    }

    /// The queue of a delivery, from the name of its consumer.
    func queue(of delivery: String) -> String {
        position(of: delivery).map { names[$0] } ?? Route.defaultQueue
    }

    /// The position of the queue that a consumer of this name takes from.
    func position(of consumer: String) -> Int? {
        consumer.split(separator: ".").last.flatMap { Int($0) }.flatMap { names.indices.contains($0) ? $0 : nil }
    }
}
