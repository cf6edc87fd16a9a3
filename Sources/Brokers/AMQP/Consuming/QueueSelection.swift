import CeleryCore

/// The queues of a subscription: all that it ever consumed, and those it consumes now.
///
/// A delivery names its queue by the position here, so no queue is ever removed. `Inbox` guards this value with a lock.
struct QueueSelection: Equatable {
    /// In the order of first use.
    private(set) var names: [String]
    /// Positions of the queues that the worker wants.
    private(set) var wanted: [Int]
    /// Positions of wanted queues that are paused.
    private(set) var paused: Set<Int> = []

    /// Whether consuming has ended because the worker is shutting down.
    var isEnding = false

    init(_ queues: [String]) {
        names = queues.distinct
        wanted = Array(names.indices)
    }

    /// Positions of the consumed queues.
    var open: [Int] { isEnding ? [] : wanted.filter { !paused.contains($0) } }

    /// Names of the queues that the worker wants.
    var wantedNames: [String] { wanted.map { names[$0] } }

    /// Names of the consumed queues.
    var openNames: [String] { open.map { names[$0] } }

    mutating func want(_ queues: [String]) {
        for queue in queues where !names.contains(queue) { names.append(queue) }
        wanted = queues.distinct.compactMap(names.firstIndex)
        // Forget pauses of other queues; the next `pause` sets them again.
        paused.formIntersection(wanted)
    }

    /// Pauses exactly these queues and resumes the others.
    mutating func pause(_ queues: Set<String>) {
        paused = Set(wanted.filter { queues.contains(names[$0]) })
    }

    /// The queue of a delivery, from its consumer tag.
    func queue(of delivery: String) -> String {
        position(of: delivery).map { names[$0] } ?? Route.defaultQueue
    }

    /// The position of the queue of a consumer tag.
    func position(of consumer: String) -> Int? {
        consumer.split(separator: ".").last.flatMap { Int($0) }.flatMap { names.indices.contains($0) ? $0 : nil }
    }
}
